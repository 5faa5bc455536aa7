//! The generator against a server of a few lines, which can be stopped, killed and started again.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{
    collections::HashSet,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use bench::{
    flood::{self, Outcome, Pace, Plan, Target},
    ledger::read_referer,
};

/// What outlives the server: the requests it has written down, each before its answer.
#[derive(Default)]
struct Recorded {
    numbers: Mutex<HashSet<u64>>,
    requests: Mutex<Option<mpsc::Sender<()>>>,
    /// While it is locked nobody is answered.
    gate: Mutex<()>,
}

struct Mini {
    address: SocketAddr,
    is_dead: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
    accepting: JoinHandle<()>,
}

impl Mini {
    fn start(address: &str, recorded: &Arc<Recorded>) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (is_dead, streams) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (dead, all, recorded) = (Arc::clone(&is_dead), Arc::clone(&streams), Arc::clone(recorded));
        let accepting = thread::spawn(move || {
            for stream in listener.incoming() {
                if dead.load(Ordering::SeqCst) {
                    return;
                }
                let stream = stream.unwrap();
                all.lock().unwrap().push(stream.try_clone().unwrap());
                let recorded = Arc::clone(&recorded);
                thread::spawn(move || serve(stream, &recorded));
            }
        });
        Self { address, is_dead, streams, accepting }
    }

    /// All connections break, and nobody listens any more.
    fn kill(self) {
        self.is_dead.store(true, Ordering::SeqCst);
        // Wakes it; it sees that it is dead.
        let _ = TcpStream::connect(self.address);
        self.accepting.join().unwrap();
        for stream in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Reads requests, which come one at a time and whole, and answers 302.
fn serve(mut stream: TcpStream, recorded: &Recorded) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        let request = std::str::from_utf8(&buffer[..length]).unwrap();
        assert!(request.ends_with("\r\n\r\n"), "{request}");
        let referer = request.lines().find_map(|line| line.strip_prefix("Referer: "));
        if let Some((_, number)) = referer.and_then(read_referer) {
            assert!(recorded.numbers.lock().unwrap().insert(number), "{number} was sent twice");
        }
        if let Some(requests) = &*recorded.requests.lock().unwrap() {
            let _ = requests.send(());
        }
        drop(recorded.gate.lock().unwrap());
        let close = request.contains("\r\nConnection: close\r\n");
        let head = if close { "Connection: close\r\n" } else { "" };
        let answer =
            format!("HTTP/1.1 302 Found\r\nLocation: https://shop.example/\r\nContent-Length: 0\r\n{head}\r\n");
        if stream.write_all(answer.as_bytes()).is_err() || close {
            // Others hold it too: leaving would not close it.
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
}

fn plan(address: SocketAddr, rate: f64, milliseconds: u64) -> Plan {
    Plan {
        pace: Pace::Constant(rate),
        time: Duration::from_millis(milliseconds),
        connections: 4,
        ledger: true,
        ..Plan::new(Target::parse(&format!("http://{address}/r/abc")).unwrap())
    }
}

fn run(plan: &Plan) -> Outcome {
    flood::run(plan, &AtomicBool::new(false)).unwrap()
}

#[test]
fn every_intended_request_is_sent_and_answered() {
    let recorded = Arc::new(Recorded::default());
    let server = Mini::start("127.0.0.1:0", &recorded);
    for close in [false, true] {
        recorded.numbers.lock().unwrap().clear();
        let outcome = run(&Plan { close, ..plan(server.address, 1000.0, 300) });
        let summary = outcome.summary();
        assert_eq!(
            (summary.answers, summary.redirects, summary.unknown, summary.refused),
            (300, 300, 0, 0),
            "{summary}"
        );
        assert_eq!(recorded.numbers.lock().unwrap().len(), 300);
        assert_eq!(outcome.ledger.unwrap().redirected.count(), 300);
    }
    server.kill();
}

#[test]
fn a_closed_loop_sends_as_many_as_are_answered() {
    let server = Mini::start("127.0.0.1:0", &Arc::new(Recorded::default()));
    let summary = run(&Plan { pace: Pace::Closed, ledger: false, ..plan(server.address, 1.0, 200) }).summary();
    assert!(summary.redirects > 10 && summary.redirects == summary.answers, "{summary}");
    server.kill();
}

#[test]
fn a_pause_of_the_server_is_in_the_latency_of_all_that_were_due_meanwhile() {
    let recorded = Arc::new(Recorded::default());
    let server = Mini::start("127.0.0.1:0", &recorded);
    let (sender, requests) = mpsc::channel();
    *recorded.requests.lock().unwrap() = Some(sender);
    let plan = plan(server.address, 1000.0, 600);
    let flood = thread::spawn(move || run(&plan));
    for _ in 0..100 {
        requests.recv().unwrap();
    }
    let gate = recorded.gate.lock().unwrap();
    thread::sleep(Duration::from_millis(300));
    drop(gate);
    let outcome = flood.join().unwrap();
    // A generator that waits for answers would have noticed four slow requests, one for each connection.
    let slow = outcome.latency.count_between(100_000_000, 60_000_000_000);
    assert!(slow > 150, "{slow} requests of {}", outcome.summary());
    assert_eq!(outcome.summary().answers, 600);
    assert!(outcome.waited > 150, "they found every connection busy");
    server.kill();
}

#[test]
fn a_killed_server_leaves_requests_unknown_and_a_new_one_is_found() {
    let recorded = Arc::new(Recorded::default());
    let server = Mini::start("127.0.0.1:0", &recorded);
    let address = server.address;
    let (sender, requests) = mpsc::channel();
    *recorded.requests.lock().unwrap() = Some(sender);
    let (plan, stop) = (plan(address, 2000.0, 60_000), Arc::new(AtomicBool::new(false)));
    let stopped = Arc::clone(&stop);
    let flood = thread::spawn(move || flood::run(&plan, &stopped).unwrap());
    let wait = |count| (0..count).for_each(|_| requests.recv().unwrap());
    wait(200);
    // Under way, written down, not answered.
    let gate = recorded.gate.lock().unwrap();
    requests.try_iter().for_each(drop);
    wait(1);
    server.kill();
    drop(gate);
    thread::sleep(Duration::from_millis(100));
    let server = Mini::start(&address.to_string(), &recorded);
    wait(200);
    stop.store(true, Ordering::SeqCst);
    let outcome = flood.join().unwrap();
    server.kill();

    let summary = outcome.summary();
    assert!(summary.refused > 0, "nobody was there for a while: {summary}");
    assert!((1..=4).contains(&summary.unknown), "one a connection at most: {summary}");
    let (ledger, recorded) = (outcome.ledger.unwrap(), recorded.numbers.lock().unwrap());
    assert_eq!(ledger.redirected.count(), summary.answers);
    assert!(ledger.redirected.without(&[]).all(|number| recorded.contains(&number)), "answered, so recorded");
    assert!(
        recorded.iter().all(|number| ledger.redirected.has(*number) || ledger.unknown.has(*number)),
        "recorded, so answered or unknown"
    );
}

#[test]
fn nobody_at_the_start_is_an_error() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(flood::run(&plan(address, 10.0, 100), &AtomicBool::new(false)).is_err());
}
