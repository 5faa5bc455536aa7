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
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use engine::Engine;
use mio::Waker;
use tokio::sync::{mpsc, oneshot};

pub use self::connection::HandedOver;
use self::worker::Worker;
use crate::{client_ip::TrustedProxies, https::HttpsRule, metrics::Follows};

pub struct Front {
    threads: Vec<JoinHandle<()>>,
    wakers: Vec<Waker>,
    stop: Arc<AtomicBool>,
    /// Dropped by each thread as it ends.
    ended: mpsc::Receiver<()>,
}

impl Front {
    /// Starts a thread for each core. What is not theirs to answer comes out of `others`.
    pub fn start(
        listener: &TcpListener,
        engine: &Engine,
        proxies: &Arc<TrustedProxies>,
        https: &HttpsRule,
        others: &mpsc::UnboundedSender<HandedOver>,
        follows: &Follows,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (running, ended) = mpsc::channel(1);
        let (mut threads, mut wakers) = (Vec::new(), Vec::new());
        for number in 0..thread::available_parallelism()?.get() {
            let (worker, waker) = Worker::new(
                listener.try_clone()?,
                engine.clone(),
                Arc::clone(proxies),
                https.clone(),
                others.clone(),
                Arc::clone(&stop),
                follows.of_thread(),
            )?;
            wakers.push(waker);
            let running = running.clone();
            threads.push(thread::Builder::new().name(format!("front-{number}")).spawn(move || {
                worker.run();
                drop(running);
            })?);
        }
        Ok(Self { threads, wakers, stop, ended })
    }

    /// Waits for the threads to end, which they do when told to, or by a fault.
    pub async fn ended(&mut self) {
        let _ = self.ended.recv().await;
    }

    /// No connection is accepted any more; those that wait for a request are closed.
    pub async fn stop(self) {
        self.stop.store(true, Ordering::Release);
        for waker in &self.wakers {
            let _ = waker.wake();
        }
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
