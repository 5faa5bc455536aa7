//! `tributary healthcheck`: whether the server beside it serves.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, bail};
use clap::Args;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::tls;

/// A server that takes longer is as good as none.
const MOST_WAIT: Duration = Duration::from_secs(3);
/// More is not needed of an answer.
const MOST_ANSWER: usize = 4096;
/// A TLS record that says what is wrong: the answer to anything in the clear.
const TLS_ALERT: u8 = 0x15;

#[derive(Args, Clone, Debug)]
pub struct HealthcheckConfig {
    /// Where the server listens; the same as for `serve`. An address that stands for all stands for this machine here.
    #[arg(long, env = "TRIBUTARY_ADDR", default_value = "127.0.0.1:3000")]
    pub addr: SocketAddr,
    /// Asks whether its database answers too (`/readyz`): for a start that others wait for, never for a restart. Redirects
    /// go on without a database, and a server that is restarted for its sake sends nobody on.
    #[arg(long)]
    pub ready: bool,
}

pub async fn run(config: &HealthcheckConfig) -> anyhow::Result<()> {
    let addr = reachable(config.addr);
    let path = if config.ready { "/readyz" } else { "/healthz" };
    let asking = tokio::time::timeout(MOST_WAIT, ask(addr, path)).await;
    let answer = asking.with_context(|| format!("{addr} does not answer within {MOST_WAIT:?}"))??;
    judge(&answer, addr, path)
}

async fn ask(addr: SocketAddr, path: &str) -> anyhow::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(addr).await.with_context(|| format!("nobody listens on {addr}"))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MOST_ANSWER as u64).read_to_end(&mut answer).await?;
    Ok(answer)
}

fn judge(answer: &[u8], addr: SocketAddr, path: &str) -> anyhow::Result<()> {
    let speaks_tls = answer.first() == Some(&TLS_ALERT) || answer == tls::SPEAKS_HTTPS;
    if speaks_tls && path == "/healthz" {
        // It accepts connections and speaks TLS on them; its name for us is not this address.
        return Ok(());
    }
    let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    match line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)) {
        Some("200") => Ok(()),
        Some(_) => bail!("{addr}{path} answers {line}"),
        None => bail!("{addr} answers, but not as a web server does"),
    }
}

/// All addresses of a machine are none to connect to.
fn reachable(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, addr.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3000);

    #[test]
    fn only_200_is_well_and_an_alert_says_that_tls_is_served() {
        for (answer, path, well) in [
            (&b"HTTP/1.1 200 OK\r\n\r\nok\n"[..], "/healthz", true),
            (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "/readyz", false),
            (b"HTTP/1.1 404 Not Found\r\n\r\n", "/healthz", false),
            (b"\x15\x03\x03\x00\x02\x02\x32", "/healthz", true),
            (b"\x15\x03\x03\x00\x02\x02\x32", "/readyz", false),
            (tls::SPEAKS_HTTPS, "/healthz", true),
            (tls::SPEAKS_HTTPS, "/readyz", false),
            (b"SSH-2.0-OpenSSH\r\n", "/healthz", false),
            (b"", "/healthz", false),
        ] {
            assert_eq!(judge(answer, ADDR, path).is_ok(), well, "{answer:?}");
        }
    }

    #[test]
    fn an_address_that_stands_for_all_is_asked_on_this_machine() {
        for (listens, asked) in
            [("0.0.0.0:3000", "127.0.0.1:3000"), ("[::]:80", "[::1]:80"), ("192.0.2.1:1", "192.0.2.1:1")]
        {
            assert_eq!(reachable(listens.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
