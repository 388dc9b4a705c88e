//! A DynamoDB whose writes can be held back.

use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use super::process::connect;
use super::throttled::message;

/// A proxy of DynamoDB that holds back writes while it is closed.
pub struct WriteGate {
    pub url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    is_closed: Mutex<bool>,
    opened: Condvar,
    /// The number of writes that came while the gate was closed.
    held: AtomicUsize,
    reads: AtomicUsize,
}

impl WriteGate {
    /// Starts with the gate open: every request goes to `database`.
    pub fn before(database: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State::default());
        let (database, shared) = (database.to_owned(), Arc::clone(&state));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (database, state) = (database.clone(), Arc::clone(&shared));
                std::thread::spawn(move || state.pass_on(client.unwrap(), &database));
            }
        });
        Self { url, state }
    }

    /// Holds back all writes from here on; reads still go through.
    pub fn close(&self) {
        *self.state.is_closed.lock().unwrap() = true;
    }

    pub fn open(&self) {
        *self.state.is_closed.lock().unwrap() = false;
        self.state.opened.notify_all();
    }

    pub fn held(&self) -> usize {
        self.state.held.load(Ordering::Relaxed)
    }

    pub fn reads(&self) -> usize {
        self.state.reads.load(Ordering::Relaxed)
    }
}

impl State {
    /// Handles requests one by one until the client or the database has no more.
    fn pass_on(&self, mut client: TcpStream, database: &str) {
        let mut database = connect(database);
        let mut from_client = BufReader::new(client.try_clone().unwrap());
        let mut from_database = BufReader::new(database.try_clone().unwrap());
        while let Some(request) = message(&mut from_client) {
            self.pass(&request);
            if database.write_all(&request).is_err() {
                return;
            }
            let Some(answer) = message(&mut from_database) else {
                return;
            };
            // The client may be gone by then.
            if client.write_all(&answer).is_err() {
                return;
            }
        }
    }

    fn pass(&self, request: &[u8]) {
        if String::from_utf8_lossy(request).contains("DynamoDB_20120810.GetItem") {
            self.reads.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let is_closed = self.is_closed.lock().unwrap();
        if *is_closed {
            self.held.fetch_add(1, Ordering::Relaxed);
        }
        drop(self.opened.wait_while(is_closed, |is_closed| *is_closed));
    }
}
