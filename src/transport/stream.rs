//! TCP: one thread that accepts connections and serves them all.
//!
//! A listener never ends because accepting failed: it rests a moment and, where the process lacks something, lets the longest
//! idle connection go. The thread's own runtime keeps a flood of connections off the cores that answer UDP and probe
//! endpoints; that it is one thread lets connections share buffers and counters without locks.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Notify, watch};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{sleep, timeout};

use super::SharedCaps;
use super::admission::{Admission, Id};
use super::answering::{self, Throttle};
use super::connection::{Connection, Ending, Worker};
use crate::limits::{DOOR_REST, STREAM_STOP};
use crate::metrics::{Counter, Registry};
use crate::serving::Current;

/// The running thread.
#[derive(Debug)]
pub(super) struct Stream {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Stream {
    /// Starts to accept on all listeners.
    pub(super) fn start(
        listeners: Vec<std::net::TcpListener>,
        current: &Arc<Current>,
        registry: &Registry,
        caps: &Arc<SharedCaps>,
    ) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let listeners = {
            let _context = runtime.enter();
            listeners.into_iter().map(TcpListener::from_std).collect::<io::Result<Vec<_>>>()?
        };
        let (stop, stopped) = watch::channel(false);
        let worker = Worker::new(Arc::clone(current), registry);
        let caps = Arc::clone(caps);
        let run = move || run(&runtime, listeners, Door::new(worker, caps, stopped));
        let thread = thread::Builder::new().name("stream".to_owned()).spawn(run)?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Tells the thread to stop.
    pub(super) fn signal(&self) {
        self.stop.send_replace(true);
    }

    /// Stops the thread and waits for it: replies in hand are finished, for [`STREAM_STOP`] at most.
    pub(super) fn stop(mut self) {
        self.signal();
        if let Some(thread) = self.thread.take() {
            // Panics of its tasks are caught; there is no more to learn from its end.
            let _ = thread.join();
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.signal();
    }
}

/// What the tasks of the thread share.
struct Door {
    worker: Rc<Worker>,
    caps: Arc<SharedCaps>,
    stop: watch::Receiver<bool>,
    admission: RefCell<Admission<Rc<Notify>>>,
    /// Some connection is over.
    left: Notify,
    failures: Throttle,
}

fn run(runtime: &Runtime, listeners: Vec<TcpListener>, door: Door) {
    answering::enter();
    let door = Rc::new(door);
    // Whatever task is left is dropped with the set, and its connection with it.
    runtime.block_on(LocalSet::new().run_until(async move {
        for listener in listeners {
            spawn_local(supervise(Rc::new(listener), Rc::clone(&door)));
        }
        door.stopped().await;
        // Who is slower than that is cut.
        let _ = timeout(STREAM_STOP, door.emptied()).await;
    }));
}

/// Accepts until the server stops; a fault of ours must not end it.
async fn supervise(listener: Rc<TcpListener>, door: Rc<Door>) {
    loop {
        let accepting = accept_all(Rc::clone(&listener), Rc::clone(&door));
        match spawn_local(accepting).await {
            Ok(()) => return,
            Err(_) => door.worker.counters.count(Counter::Restarts),
        }
    }
}

async fn accept_all(listener: Rc<TcpListener>, door: Rc<Door>) {
    loop {
        let accepted = tokio::select! {
            () = door.stopped() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => admit(&door, stream, peer.ip()),
            Err(error) => door.rest(&error).await,
        }
    }
}

fn admit(door: &Rc<Door>, stream: TcpStream, peer: IpAddr) {
    let cut = Rc::new(Notify::new());
    let (in_all, per_source) = (door.caps.connections(), door.caps.connections_per_source());
    let (id, displaced) = door.admission.borrow_mut().admit(peer, Rc::clone(&cut), in_all, per_source);
    displaced.iter().for_each(|cut| cut.notify_one());
    door.worker.counters.count(Counter::Connections);
    let place = Place { door: Rc::clone(door), id, ending: Cell::new(Ending::Cut) };
    spawn_local(async move {
        let connection = Connection::new(Rc::clone(&place.door.worker), stream, peer);
        let ending = tokio::select! {
            () = cut.notified() => Ending::Cut,
            ending = connection.serve(place.door.stop.clone(), || place.touch()) => ending,
        };
        place.ending.set(ending);
    });
}

/// A connection's entry in the books, for as long as its task lives.
struct Place {
    door: Rc<Door>,
    id: Id,
    ending: Cell<Ending>,
}

impl Place {
    fn touch(&self) {
        self.door.admission.borrow_mut().touch(self.id);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.door.admission.borrow_mut().remove(self.id);
        self.door.worker.counters.count(self.ending.get().into());
        self.door.left.notify_one();
    }
}

impl Door {
    fn new(worker: Worker, caps: Arc<SharedCaps>, stop: watch::Receiver<bool>) -> Self {
        Self {
            worker: Rc::new(worker),
            caps,
            stop,
            admission: RefCell::new(Admission::new()),
            left: Notify::new(),
            failures: Throttle::new(),
        }
    }

    async fn stopped(&self) {
        // It fails only if nobody can tell us to stop any more, which is as good.
        let _ = self.stop.clone().wait_for(|stop| *stop).await;
    }

    async fn emptied(&self) {
        while !self.admission.borrow().is_empty() {
            self.left.notified().await;
        }
    }

    /// After accepting failed: nothing, if it was the connection's fault; else makes room and waits.
    async fn rest(&self, error: &io::Error) {
        if is_of_one_connection(error) {
            return;
        }
        if self.failures.passes(Instant::now()) {
            tracing::warn!(%error, "connections can't be accepted; the longest idle ones are closed to make room");
        }
        if let Some(cut) = self.admission.borrow_mut().displace() {
            cut.notify_one();
        }
        sleep(DOOR_REST).await;
    }
}

/// accept(2): pending errors of the new connection come back from accept; the next one is not concerned, and resting for each
/// would let a stranger slow the door down.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::PermissionDenied
    )
}
