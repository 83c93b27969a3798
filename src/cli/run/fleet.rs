//! `up --nodes N`: N nodes on this machine, each a process of its own, with tagged logs.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use super::banner;
use super::signals::Signals;
use crate::cli::args::{LogFormat, UpArgs};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{self, Output, Paint};
use crate::cli::places;
use crate::cli::session::Session;

/// Lines of all nodes that wait to be printed; a node that writes faster waits.
const LINES_WAITING_MAX: usize = 1_024;

/// A line of a node, or the end of its lines.
type Line = (usize, Option<String>);

/// Runs the nodes until Ctrl-C, or until one ends.
pub(super) async fn run(session: Session, args: UpArgs, welcome: Vec<String>) -> Outcome {
    if args.node.listen.is_some() || args.node.rpc_bind.is_some() {
        return Err(Failure::usage(
            "several nodes cannot share one --listen or --rpc-bind",
            "leave them out: each node takes the next free ports",
        ));
    }
    for line in &welcome {
        output::line(line);
    }
    let mut signals = Signals::listen(args.node.stop_when_stdin_closes);
    let (sender, mut lines) = mpsc::channel(LINES_WAITING_MAX);
    let mut nodes = Vec::new();
    for number in 1..=usize::from(args.nodes) {
        nodes.push(spawn(&session, &args, number, sender.clone())?);
        // One after the other, so that each finds free the ports and the folder that the one before left.
        wait_until_ready(&session, number, &mut lines).await?;
    }
    drop(sender);
    let ended = tokio::select! {
        _ = signals.stop_wanted() => None,
        ended = print_until_one_ends(&session, &mut lines) => ended,
    };
    stop(&session, nodes, lines, signals).await?;
    match ended {
        Some(number) => {
            Err(Failure::new(format!("node {number} stopped by itself"), "its last lines above say why"))
        }
        None => Ok(()),
    }
}

/// A node of its own process group, so that Ctrl-C reaches it through us, once, and in order.
fn spawn(session: &Session, args: &UpArgs, number: usize, lines: mpsc::Sender<Line>) -> Outcome<Child> {
    let failed = |error: std::io::Error| {
        Failure::new(
            format!("cannot start node {number}: {error}"),
            "try fewer --nodes, or close other programs",
        )
    };
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command.arg("up").arg("--stop-when-stdin-closes").args(["--network", &session.params.name]);
    if let Some(spec) = &session.common.chain_spec {
        command.arg("--chain-spec").arg(spec);
    }
    if let Some(config) = &session.common.config {
        command.arg("--config").arg(config);
    }
    if let Some(first) = &session.common.data_dir {
        let folder = if number == 1 { None } else { places::sibling_folders(first).nth(number - 2) };
        command.arg("--data-dir").arg(folder.as_ref().unwrap_or(first));
    }
    pass_on(&mut command, args, number);
    command.args(std::iter::repeat_n("-v", session.common.verbose.into()));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn().map_err(failed)?;
    let stdout = child.stdout.take().expect("it was asked to be piped");
    tokio::spawn(async move {
        let mut reader = BufReader::new(stdout).lines();
        while let Ok(Some(line)) = reader.next_line().await {
            if lines.send((number, Some(line))).await.is_err() {
                return;
            }
        }
        // Nobody listens any more when everything ends.
        let _ = lines.send((number, None)).await;
    });
    Ok(child)
}

fn pass_on(command: &mut Command, args: &UpArgs, number: usize) {
    let node = &args.node;
    for address in &node.bootstrap {
        command.args(["--bootstrap", address]);
    }
    for address in &node.connect {
        command.args(["--connect", address]);
    }
    if node.no_mdns {
        command.arg("--no-mdns");
    }
    if let Some(address) = &node.miner_address {
        command.args(["--miner-address", address]);
    }
    match (node.mine, number) {
        (Some(threads), _) => {
            command.args(["--mine", &threads.to_string()]);
        }
        (None, 1) => {}
        (None, _) => {
            command.args(["--mine", "0"]);
        }
    }
    if let Some(pace) = node.dev_blocks {
        command.args(["--dev-blocks", &pace.to_string()]);
    }
    if node.log_format == Some(LogFormat::Json) {
        command.args(["--log-format", "json"]);
    }
}

/// Prints what the nodes say until this one is ready.
async fn wait_until_ready(session: &Session, number: usize, lines: &mut mpsc::Receiver<Line>) -> Outcome {
    while let Some((from, line)) = lines.recv().await {
        let ready = line.as_ref().is_some_and(|line| from == number && line.contains(banner::READY));
        match line {
            Some(line) => print(session.output, from, &line),
            None => break,
        }
        if ready {
            return Ok(());
        }
    }
    Err(Failure::new(format!("node {number} did not start"), "its last lines above say why"))
}

async fn print_until_one_ends(session: &Session, lines: &mut mpsc::Receiver<Line>) -> Option<usize> {
    while let Some((number, line)) = lines.recv().await {
        match line {
            Some(line) => print(session.output, number, &line),
            None => return Some(number),
        }
    }
    None
}

/// Closes their standard inputs, which stops them cleanly, and waits; the next Ctrl-C kills them.
async fn stop(
    session: &Session,
    mut nodes: Vec<Child>,
    mut lines: mpsc::Receiver<Line>,
    mut signals: Signals,
) -> Outcome {
    for node in &mut nodes {
        drop(node.stdin.take());
    }
    let all_ended = async {
        while let Some((number, line)) = lines.recv().await {
            if let Some(line) = line {
                print(session.output, number, &line);
            }
        }
        for node in &mut nodes {
            // A node that cannot be waited for is gone.
            let _ = node.wait().await;
        }
    };
    tokio::select! {
        () = all_ended => Ok(()),
        () = signals.stop_forced() => Err(Failure::interrupted()),
    }
}

fn print(output: Output, number: usize, line: &str) {
    output::line(&format!("{} {line}", output.paint(&format!("[{number}]"), Paint::Dim)));
}
