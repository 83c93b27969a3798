//! Ports: the usual one, or the next free one, or the very one that was asked for.

use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::path::Path;

use crate::cli::failure::{Failure, Outcome};

/// Where peers reach a node, unless told otherwise.
pub(super) const P2P: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 7331);

/// Where clients reach a node, unless told otherwise: this machine only.
pub(super) const RPC: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7332);

/// Nodes take their ports in pairs, so the next candidate is two further on.
const STEP: usize = 2;

/// Candidates tried before giving up: as many nodes as one machine can bear.
const CANDIDATES_MAX: usize = 128;

/// An address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) address: SocketAddr,
    /// Whether the usual one was taken.
    pub(super) moved: bool,
}

/// The address that was named, if it is free; otherwise the usual one or the next free one after it.
pub(super) fn choose(named: Option<&str>, flag: &str, usual: SocketAddr) -> Outcome<Place> {
    match named {
        Some(text) => {
            let address = read(text, flag)?;
            ensure_free(address, flag)?;
            Ok(Place { address, moved: false })
        }
        None => next_free(usual),
    }
}

fn read(text: &str, flag: &str) -> Outcome<SocketAddr> {
    let addresses = text.to_socket_addrs().ok().into_iter().flatten();
    let preferred = addresses.min_by_key(SocketAddr::is_ipv6);
    preferred.ok_or_else(|| {
        Failure::usage(
            format!("--{flag}: `{text}` is no address"),
            "write HOST:PORT, such as 0.0.0.0:7331; port 0 stands for any free one",
        )
    })
}

fn ensure_free(address: SocketAddr, flag: &str) -> Outcome {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let holder = holder_of(address.port()).unwrap_or_else(|| "another program".to_owned());
            Err(Failure::new(
                format!("{address} is in use by {holder}"),
                format!("stop that one, or give another --{flag}"),
            )
            .because("port-taken"))
        }
        Err(error) => Err(Failure::new(
            format!("cannot listen on {address}: {error}"),
            format!("give another --{flag}"),
        )),
    }
}

fn next_free(usual: SocketAddr) -> Outcome<Place> {
    let candidates = (usual.port()..=u16::MAX).step_by(STEP).take(CANDIDATES_MAX);
    for port in candidates {
        let address = SocketAddr::new(usual.ip(), port);
        if TcpListener::bind(address).is_ok() {
            return Ok(Place { address, moved: port != usual.port() });
        }
    }
    Err(Failure::new(
        format!("no free port from {} on", usual.port()),
        "stop other nodes, or name free ports with --listen and --rpc-bind",
    ))
}

/// Who listens on a port, as far as Linux tells: the program and its process number.
fn holder_of(port: u16) -> Option<String> {
    let socket = format!("socket:[{}]", listening_inode(port)?);
    let names = fs::read_dir("/proc").ok()?.filter_map(Result::ok).map(|entry| entry.file_name());
    let processes = names.filter_map(|name| name.to_str()?.parse::<u32>().ok());
    // Whoever it starts holds the socket too for a moment, until it is another program. It was there before them.
    let holder = processes.filter(|process| holds(*process, &socket)).min()?;
    let name = fs::read_to_string(format!("/proc/{holder}/comm")).ok()?;
    Some(format!("{} (process {holder})", name.trim()))
}

/// The inode of the socket that listens on a port, from the kernel's tables (proc(5), `/proc/net/tcp`).
fn listening_inode(port: u16) -> Option<u64> {
    const LISTENING: &str = "0A";
    let wanted = format!(":{port:04X}");
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().filter_map(|table| fs::read_to_string(table).ok()).find_map(
        |table| {
            table.lines().find_map(|line| {
                let fields: Vec<&str> = line.split_whitespace().collect();
                let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
                (local.ends_with(&wanted) && *state == LISTENING).then(|| inode.parse().ok())?
            })
        },
    )
}

fn holds(process: u32, socket: &str) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    files
        .filter_map(Result::ok)
        .any(|file| fs::read_link(file.path()).is_ok_and(|target| target == Path::new(socket)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_passed_over_unless_it_was_named() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = taken.local_addr().unwrap();
        let next = choose(None, "listen", address).unwrap();
        assert!(next.moved && next.address.port() > address.port(), "{next:?}");
        let refused = choose(Some(&address.to_string()), "listen", P2P).unwrap_err();
        assert!(refused.cause.contains("in use by"), "{refused}");
        if cfg!(target_os = "linux") {
            assert!(refused.cause.contains(&format!("process {}", std::process::id())), "{refused}");
        }
    }

    #[test]
    fn text_that_is_no_address_names_the_flag() {
        let refused = choose(Some("otter"), "rpc-bind", RPC).unwrap_err();
        assert!(refused.cause.contains("--rpc-bind"), "{refused}");
    }
}
