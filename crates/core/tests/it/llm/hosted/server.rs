//! An HTTP/1.1 server that sends exactly the bytes it is told: whole, torn, late or for ever.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// What the server does to one request.
pub(crate) enum Act {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes one by one.
    Trickle(Vec<u8>),
    /// Sends the byte so many times, or until the client hangs up.
    Flood(u8, usize),
    /// Sends these bytes so many times, or until the client hangs up.
    Again(Vec<u8>, usize),
    /// Waits until the client hangs up.
    UntilHangUp,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl Received {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub(crate) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }
}

pub(crate) struct Server {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    hung_up: watch::Receiver<usize>,
    sent: Arc<Mutex<usize>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers each request as `answer` says, which is told its number, from 0.
    pub(crate) async fn start(answer: impl Fn(usize, &Received) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (received, sent) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let (hanging_up, hung_up) = watch::channel(0);
        let (answer, all, bytes) = (Arc::new(answer), Arc::clone(&received), Arc::clone(&sent));
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (answer, all, bytes, hanging_up) =
                    (Arc::clone(&answer), Arc::clone(&all), Arc::clone(&bytes), hanging_up.clone());
                tokio::spawn(async move {
                    let Some(request) = read(&mut stream).await else { return };
                    let number = {
                        let mut all = all.lock().unwrap();
                        all.push(request.clone());
                        all.len() - 1
                    };
                    for act in answer(number, &request) {
                        if !perform(act, &mut stream, &bytes).await {
                            hanging_up.send_modify(|count| *count += 1);
                            return;
                        }
                    }
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { address, received, hung_up, sent, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Bytes of floods that the client took.
    pub(crate) fn sent(&self) -> usize {
        *self.sent.lock().unwrap()
    }

    /// Waits until a client has hung up before its answer was complete.
    pub(crate) async fn hang_up(&self) {
        let mut hung_up = self.hung_up.clone();
        hung_up.wait_for(|count| *count > 0).await.unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Does it; false where the client has hung up.
async fn perform(act: Act, stream: &mut TcpStream, sent: &Mutex<usize>) -> bool {
    match act {
        Act::Send(bytes) => stream.write_all(&bytes).await.is_ok(),
        Act::Trickle(bytes) => {
            stream.set_nodelay(true).unwrap();
            for byte in bytes {
                if stream.write_all(&[byte]).await.is_err() {
                    return false;
                }
                tokio::task::yield_now().await;
            }
            true
        }
        Act::Flood(byte, count) => {
            let piece = vec![byte; 1 << 16];
            for _ in 0..count / piece.len() {
                if stream.write_all(&piece).await.is_err() {
                    return false;
                }
                *sent.lock().unwrap() += piece.len();
            }
            true
        }
        Act::Again(bytes, count) => {
            for _ in 0..count {
                if stream.write_all(&bytes).await.is_err() {
                    return false;
                }
                *sent.lock().unwrap() += bytes.len();
            }
            true
        }
        Act::UntilHangUp => {
            let mut rest = [0];
            let _ = stream.read(&mut rest).await;
            false
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&piece[..count]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let length = head
            .to_lowercase()
            .lines()
            .find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        let body = &bytes[end + 4..];
        if body.len() >= length.unwrap_or(0) {
            return Some(Received { head, body: serde_json::from_slice(body).unwrap_or(Value::Null) });
        }
    }
}

/// The head of an answer whose body ends with the connection.
pub(crate) fn head(status: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {status}\r\n{lines}connection: close\r\n\r\n").into_bytes()
}

/// A JSON answer.
pub(crate) fn json(status: &str, headers: &[(&str, &str)], body: &str) -> Vec<Act> {
    let length = body.len().to_string();
    let mut all = vec![("content-type", "application/json"), ("content-length", &*length)];
    all.extend(headers);
    vec![Act::Send([&head(status, &all), body.as_bytes()].concat())]
}

/// The head of an event stream, in chunks, so that a cut is seen.
pub(crate) fn stream_head() -> Vec<u8> {
    head("200 OK", &[("content-type", "text/event-stream; charset=utf-8"), ("transfer-encoding", "chunked")])
}

/// A chunk of the body.
pub(crate) fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// A whole event stream.
pub(crate) fn events(text: &str) -> Vec<Act> {
    vec![Act::Send([stream_head(), chunk(text.as_bytes()), b"0\r\n\r\n".to_vec()].concat())]
}
