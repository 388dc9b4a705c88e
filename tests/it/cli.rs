//! The command line tool as a process, against a `sesame dev` that is another one.

mod callers;
mod dev;
mod grpc;
mod hostile;
mod import;
mod limits;
mod migrating;
mod pages;
mod probes;
mod serve;
mod tables;
mod tls;
mod users;
