//! TCP with Noise and Yamux, and the count of what crosses it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{AsyncRead, AsyncWrite};
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::Boxed;
use libp2p::core::transport::timeout::TransportTimeout;
use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::{PeerId, Transport, noise, tcp, yamux};

use super::NetworkError;

/// Connecting, handshakes included, in seconds at most.
const CONNECT_SECONDS_MAX: u64 = 10;

/// Bytes that crossed all connections since the start.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    received: AtomicU64,
    sent: AtomicU64,
}

impl Traffic {
    /// Bytes received and sent.
    pub(super) fn bytes(&self) -> (u64, u64) {
        (self.received.load(Ordering::Relaxed), self.sent.load(Ordering::Relaxed))
    }
}

/// The way to other nodes.
pub(super) fn build(
    key: &Keypair,
    traffic: &Arc<Traffic>,
) -> Result<Boxed<(PeerId, StreamMuxerBox)>, NetworkError> {
    let traffic = Arc::clone(traffic);
    let noise = noise::Config::new(key).map_err(|error| NetworkError::Transport(error.to_string()))?;
    let transport = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true))
        .map(move |stream, _| Counted { stream, traffic: Arc::clone(&traffic) })
        .upgrade(Version::V1Lazy)
        .authenticate(noise)
        .multiplex(yamux::Config::default())
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)));
    Ok(TransportTimeout::new(transport, Duration::from_secs(CONNECT_SECONDS_MAX)).boxed())
}

/// A stream that counts what passes.
struct Counted<S> {
    stream: S,
    traffic: Arc<Traffic>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        count(&this.traffic.received, &read);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        count(&this.traffic.sent, &written);
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_close(cx)
    }
}

fn count(counter: &AtomicU64, moved: &Poll<io::Result<usize>>) {
    if let Poll::Ready(Ok(bytes)) = moved {
        counter.fetch_add(*bytes as u64, Ordering::Relaxed);
    }
}
