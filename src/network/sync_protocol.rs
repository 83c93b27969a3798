//! Questions and answers on a stream of their own: a `u32` length, then the encoded message.

use std::io;
use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::StreamProtocol;
use libp2p::request_response::{self, ProtocolSupport};

use crate::node::message::{MESSAGE_BYTES_MAX, SyncRequest, SyncResponse};
use crate::primitives::codec::{Decode, Encode, decode, encode};

/// Longest question in bytes: 128 hashes or 65,536 positions are far below it.
const REQUEST_BYTES_MAX: usize = 1 << 20;
/// One exchange in seconds at most, from opening the stream to the last byte of the answer: the core asks others
/// long before.
const EXCHANGE_SECONDS_MAX: u64 = 30;
/// Questions in both directions on one connection at most; libp2p drops what exceeds it.
const STREAMS_PER_CONNECTION_MAX: usize = 100;
/// Bytes taken from the stream at a time: memory follows what arrives, not what a length claims.
const READ_CHUNK_BYTES: usize = 64 << 10;

/// The behaviour that asks and answers.
pub(super) type Behaviour = request_response::Behaviour<SyncCodec>;

/// What the behaviour tells.
pub(super) type Event = request_response::Event<Asked, SyncResponse>;

/// A message as the behaviour hands it over.
pub(super) type Message = request_response::Message<Asked, SyncResponse>;

/// A question, or that bytes were none: libp2p says nothing of questions whose reading fails.
pub(super) type Asked = Result<SyncRequest, Undecodable>;

/// Bytes that are no message, and so the fault of who sent them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a message of the protocol")]
pub(super) struct Undecodable;

/// The behaviour for one network.
pub(super) fn behaviour(protocol: StreamProtocol) -> Behaviour {
    let config = request_response::Config::default()
        .with_request_timeout(Duration::from_secs(EXCHANGE_SECONDS_MAX))
        .with_max_concurrent_streams(STREAMS_PER_CONNECTION_MAX);
    Behaviour::with_codec(SyncCodec, [(protocol, ProtocolSupport::Full)], config)
}

/// Whether an exchange failed because the bytes were no message: the fault of who sent them.
///
/// A stream that ends early is nobody's fault: connections break, and who does not want to answer closes.
pub(super) fn is_undecodable(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData
}

/// Reads and writes messages. It runs in the task of the connection, not in that of the swarm.
#[derive(Debug, Clone, Copy)]
pub(super) struct SyncCodec;

impl request_response::Codec for SyncCodec {
    type Protocol = StreamProtocol;
    type Request = Asked;
    type Response = SyncResponse;

    async fn read_request<T>(&mut self, _: &StreamProtocol, stream: &mut T) -> io::Result<Asked>
    where
        T: AsyncRead + Unpin + Send,
    {
        match read_message(stream, REQUEST_BYTES_MAX).await {
            Ok(body) => Ok(Ok(body)),
            Err(error) if is_undecodable(&error) => Ok(Err(Undecodable)),
            Err(error) => Err(error),
        }
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, stream: &mut T) -> io::Result<SyncResponse>
    where
        T: AsyncRead + Unpin + Send,
    {
        read_message(stream, MESSAGE_BYTES_MAX).await
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, stream: &mut T, body: Asked) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write_message(stream, &body.map_err(invalid)?).await
    }

    async fn write_response<T>(
        &mut self,
        _: &StreamProtocol,
        stream: &mut T,
        body: SyncResponse,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write_message(stream, &body).await
    }
}

async fn read_message<M, T>(stream: &mut T, limit: usize) -> io::Result<M>
where
    M: Decode<()>,
    T: AsyncRead + Unpin + Send,
{
    let mut length = [0; 4];
    stream.read_exact(&mut length).await?;
    let length = u32::from_le_bytes(length) as usize;
    if length > limit {
        return Err(invalid(format!("{length} bytes exceed the limit of {limit}")));
    }
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let start = bytes.len();
        bytes.resize(length.min(start + READ_CHUNK_BYTES), 0);
        stream.read_exact(&mut bytes[start..]).await?;
    }
    decode(&bytes, limit).map_err(invalid)
}

async fn write_message<M, T>(stream: &mut T, message: &M) -> io::Result<()>
where
    M: Encode + Sync,
    T: AsyncWrite + Unpin + Send,
{
    let bytes = encode(message);
    if bytes.len() > MESSAGE_BYTES_MAX {
        // The other end would rightly blame us.
        return Err(io::Error::other(format!("{} bytes are too long for a message", bytes.len())));
    }
    let length = bytes.len() as u32;
    stream.write_all(&length.to_le_bytes()).await?;
    stream.write_all(&bytes).await
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use futures::io::Cursor;

    use super::*;

    fn read(bytes: &[u8]) -> io::Result<SyncRequest> {
        block_on(read_message(&mut Cursor::new(bytes), REQUEST_BYTES_MAX))
    }

    #[test]
    fn a_message_is_its_length_and_its_encoding() {
        let mut written = Vec::new();
        block_on(write_message(&mut written, &SyncRequest::Mempool)).unwrap();
        assert_eq!(written, [4, 0, 0, 0, 4, 0, 0, 0]);
        assert_eq!(read(&written).unwrap(), SyncRequest::Mempool);
    }

    #[test]
    fn a_claimed_length_beyond_the_limit_is_the_senders_fault() {
        assert!(is_undecodable(&read(b"GET / HTTP/1.1").unwrap_err()));
    }

    #[test]
    fn a_length_is_believed_up_to_the_limit_and_not_beyond() {
        for limit in [REQUEST_BYTES_MAX, MESSAGE_BYTES_MAX] {
            let claims_of = |length: usize| {
                let bytes = (length as u32).to_le_bytes();
                block_on(read_message::<SyncRequest, _>(&mut Cursor::new(&bytes), limit)).unwrap_err()
            };
            assert!(!is_undecodable(&claims_of(limit)), "the rest may yet come");
            assert!(is_undecodable(&claims_of(limit + 1)));
        }
    }

    #[test]
    fn bytes_after_the_message_and_unknown_tags_are_the_senders_fault() {
        assert!(is_undecodable(&read(&[5, 0, 0, 0, 4, 0, 0, 0, 0]).unwrap_err()));
        assert!(is_undecodable(&read(&[4, 0, 0, 0, 99, 0, 0, 0]).unwrap_err()));
    }

    #[test]
    fn a_stream_that_ends_early_is_nobodys_fault() {
        assert!(!is_undecodable(&read(&[4, 0, 0, 0, 4]).unwrap_err()));
        assert!(!is_undecodable(&read(&[]).unwrap_err()));
    }
}
