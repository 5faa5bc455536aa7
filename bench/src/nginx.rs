//! nginx as a yardstick: one worker that answers 302, with its access log or without.

use std::{fs, path::Path};

use anyhow::Result;

use crate::{
    process::{SERVER_CORE, Server, pinned},
    redirect::LOCATION,
};

/// Starts nginx with a configuration of its own in a folder of its own.
pub fn start(name: &'static str, folder: &Path, port: u16, has_log: bool) -> Result<Server> {
    fs::create_dir_all(folder)?;
    let text = configuration(folder, port, has_log);
    let file = folder.join("nginx.conf");
    fs::write(&file, text)?;
    // Ended politely even if the bench is killed: its worker has to go with it.
    let mut command = pinned(SERVER_CORE, "TERM", program());
    command.arg("-p").arg(folder).arg("-c").arg(&file).arg("-e").arg(folder.join("error.log"));
    Server::start(name, command, &folder.join("output.log"))
}

/// Debian keeps it where an ordinary user's PATH may not lead.
pub fn program() -> &'static str {
    if Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" }
}

/// All a server of redirects needs, and connections are never closed: nginx at its best. Without
/// `buffer=`, each request is written to the log before the next one is taken up.
pub fn configuration(folder: &Path, port: u16, has_log: bool) -> String {
    let folder = folder.display();
    let log = if has_log { format!("{folder}/access.log combined") } else { "off".to_owned() };
    format!(
        "daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log {log};
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location /r/ {{ return 302 {LOCATION}; }}
    }}
}}
"
    )
}
