//! Appends with a durable acknowledgement: our SQLite store in `Full` beside Redis with `appendfsync always`.
//!
//! Redis is a server, so each of its appends crosses a loopback socket and ours do not: read it as embedded against server.
//! Needs `redis-server` on the PATH (Debian package `redis-server`). Run: `cargo xtask bench redis`.

#![allow(clippy::print_stdout, reason = "a comparison tells its result")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use heptad_benches::{Contest, Round, run_producers};
use heptad_core::{
    clock::SystemClock,
    store::{
        Batch, Offset, Store, StreamId, Value,
        sqlite::{SqliteOptions, SqliteStore},
    },
};

const ROUNDS: usize = 3;

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return; // `cargo test` builds and starts every bench; there is nothing to check here.
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime starts");
    for (producers, each) in [(1, 300), (16, 300), (128, 150)] {
        let mut contest = Contest::default();
        for _ in 0..ROUNDS {
            match redis(producers, each) {
                Ok(round) => contest.theirs.push(round),
                Err(reason) => {
                    println!("not run: redis: {reason}");
                    return;
                }
            }
            contest.ours.push(runtime.block_on(ours(producers, each)));
        }
        println!("{}", contest.line(&format!("Full/always, {producers} clients")));
    }
}

async fn ours(producers: u64, each: u64) -> Round {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store =
        SqliteStore::open(folder.path().join("ours.db"), SqliteOptions::default(), Arc::new(SystemClock))
            .await;
    let store: Arc<dyn Store> = Arc::new(store.expect("opens"));
    let stream = StreamId::new("bench").expect("a valid name");
    let submit = {
        let (store, stream) = (Arc::clone(&store), stream.clone());
        move |_, _| {
            let (store, stream) = (Arc::clone(&store), stream.clone());
            async move {
                let mut batch = Batch::new();
                batch.append(stream, vec![Value::Bytes(vec![b'z'; 256].into())]);
                store.commit(batch).await.expect("the commit is acknowledged");
            }
        }
    };
    let round = run_producers(producers, each, submit).await;
    let stored = store.read(&stream, Offset::START, usize::MAX).await.expect("reads back");
    assert_eq!(stored.len() as u64, producers * each, "appends are missing");
    round
}

/// A Redis server of our own on a free loopback port, ended when dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(folder: &Path) -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let port = listener.local_addr().map_err(|error| error.to_string())?.port();
        drop(listener);
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--dir"])
            .arg(folder)
            .args(["--appendonly", "yes", "--appendfsync", "always", "--save", ""])
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("`redis-server` does not start: {error}"))?;
        let server = Self { child, port };
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if Client::connect(port).is_ok_and(|mut client| client.call(&[b"PING"]).is_ok()) {
                return Ok(server);
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err("`redis-server` does not answer within 10 s".into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// As much of the Redis protocol as an append needs.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a command and returns the first line of the answer (and skips the bytes of a bulk answer).
    fn call(&mut self, words: &[&[u8]]) -> std::io::Result<String> {
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            request.extend(format!("${}\r\n", word.len()).into_bytes());
            request.extend(*word);
            request.extend(b"\r\n");
        }
        self.0.get_mut().write_all(&request)?;
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        if let Some(length) = line.strip_prefix('$').and_then(|length| length.trim().parse::<usize>().ok()) {
            self.0.read_exact(&mut vec![0; length + 2])?;
        }
        if line.is_empty() || line.starts_with('-') { Err(std::io::Error::other(line)) } else { Ok(line) }
    }
}

fn redis(producers: u64, each: u64) -> Result<Round, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let server = Server::start(folder.path())?;
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..producers {
            scope.spawn(|| {
                let mut client = Client::connect(server.port).expect("connects");
                for _ in 0..each {
                    client.call(&[b"XADD", b"bench", b"*", b"d", &[b'z'; 256]]).expect("appends");
                }
            });
        }
    });
    let wall = start.elapsed();
    let mut client = Client::connect(server.port).map_err(|error| error.to_string())?;
    let stored = client.call(&[b"XLEN", b"bench"]).map_err(|error| error.to_string())?;
    assert_eq!(stored.trim(), format!(":{}", producers * each), "appends are missing");
    Ok(Round { events: producers * each, wall, cpu: None })
}
