//! The front: threads that accept connections and answer the one request shoppers make, `GET /r/{code}`.
//!
//! Each thread waits for many connections at once, answers all whose request has come, and writes their clicks
//! down by one write before any of the answers leaves. What is not a link that redirects goes on to the router,
//! as the connection it came by, with all that was read of it.

mod answer;
mod connection;
mod request;
mod worker;

use std::{
    io,
    net::TcpListener,
    sync::Arc,
    thread::{self, JoinHandle},
};

use engine::Engine;
use mio::Waker;
use tokio::sync::{mpsc, oneshot};

pub use self::connection::HandedOver;
use self::worker::Worker;
use crate::{
    client_ip::TrustedProxies,
    connections::{Places, Times},
    https::HttpsRule,
    metrics::Follows,
    serve::Arrived,
    stage::Stage,
};

pub struct Front {
    threads: Vec<JoinHandle<()>>,
    wakers: Vec<Waker>,
    /// Dropped by each thread as it ends.
    ended: mpsc::Receiver<()>,
}

/// Whom the front asks, and whom it tells.
#[derive(Clone)]
pub struct Around {
    pub engine: Engine,
    pub proxies: Arc<TrustedProxies>,
    pub https: HttpsRule,
    pub places: Arc<Places>,
    pub times: Times,
    pub stage: Arc<Stage>,
    /// Gets what is not the front's to answer.
    pub others: mpsc::UnboundedSender<Arrived>,
}

impl Front {
    /// Starts a thread for each core.
    pub fn start(listener: &TcpListener, around: &Around, follows: &Follows) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let (running, ended) = mpsc::channel(1);
        let (mut threads, mut wakers) = (Vec::new(), Vec::new());
        for number in 0..thread::available_parallelism()?.get() {
            let (worker, waker) = Worker::new(listener.try_clone()?, around.clone(), follows.of_thread())?;
            wakers.push(waker);
            let running = running.clone();
            threads.push(thread::Builder::new().name(format!("front-{number}")).spawn(move || {
                worker.run();
                drop(running);
            })?);
        }
        Ok(Self { threads, wakers, ended })
    }

    /// Waits for the threads to end, which they do when told to, or by a fault.
    pub async fn ended(&mut self) {
        let _ = self.ended.recv().await;
    }

    /// Has the threads look at the server's stage.
    pub fn wake(&self) {
        for waker in &self.wakers {
            let _ = waker.wake();
        }
    }

    /// Waits for the threads at the server's end: all that has come is answered.
    pub async fn stop(self) {
        self.wake();
        let (done, all_done) = oneshot::channel();
        thread::spawn(move || {
            for thread in self.threads {
                let _ = thread.join();
            }
            let _ = done.send(());
        });
        let _ = all_done.await;
    }
}
