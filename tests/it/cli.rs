//! The command line tool and its servers, as processes.

mod addresses;
mod bench;
mod breached_passwords;
mod dev;
mod edge;
mod factors;
mod functions;
mod grpc;
mod hostile;
mod import;
mod limits;
mod migrating;
mod overload;
mod pages;
mod probes;
mod recovery;
mod repairs;
mod serve;
mod service_accounts;
mod tables;
mod tls;
mod user_passwords;
mod user_profiles;
mod users;
