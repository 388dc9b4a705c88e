//! The command line tool as a process, against a `sesame dev` that is another one.

mod callers;
mod dev;
mod gate;
mod grpc;
mod hostile;
mod http2;
mod import;
mod limits;
mod migrating;
mod pages;
mod probes;
mod process;
mod serve;
mod service;
mod tables;
mod throttled;
mod tls;
mod users;
