//! The command line tool as a process, against a `sesame dev` that is another one.

mod callers;
mod dev;
mod grpc;
mod http2;
mod import;
mod limits;
mod migrating;
mod pages;
mod process;
mod serve;
mod tables;
mod throttled;
mod tls;
mod users;
