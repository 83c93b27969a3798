//! A peer that speaks the right protocols and says nonsense.

use std::io;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::gossipsub::TopicHash;
use libp2p::request_response::{self, Message, ProtocolSupport};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, StreamProtocol, Swarm, gossipsub, identify, swarm};

use super::*;
use crate::network::identity::to_libp2p;
use crate::network::topics::{IDENTIFY_PROTOCOL, Names};
use crate::network::{gossip, transport};

/// What it sends wherever a message is due: a length far beyond the limit, and no message of any topic.
pub(super) const JUNK: &[u8] = b"\xff\xff\xff\xffjunk";

#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    pub(super) gossip: gossipsub::Behaviour,
    pub(super) sync: request_response::Behaviour<Nonsense>,
    identify: identify::Behaviour,
}

/// Its swarm, connected to one host.
pub(super) struct Vandal {
    pub(super) swarm: Swarm<Behaviour>,
    pub(super) names: Names,
    pub(super) peer: PeerId,
}

impl Vandal {
    /// Dials a host.
    pub(super) fn at(host: &Host) -> Self {
        let key = NodeKey::generate();
        let names = Names::of(&config("lan").genesis);
        let public = key.0.public();
        let behaviour = Behaviour {
            gossip: gossip::behaviour(&names).unwrap(),
            sync: request_response::Behaviour::new(
                [(names.sync.clone(), ProtocolSupport::Full)],
                request_response::Config::default(),
            ),
            identify: identify::Behaviour::new(identify::Config::new(IDENTIFY_PROTOCOL.to_owned(), public)),
        };
        let transport = transport::build(&key.0, &Arc::default()).unwrap();
        let config = swarm::Config::with_tokio_executor().with_idle_connection_timeout(PATIENCE);
        let mut swarm = Swarm::new(transport, behaviour, to_libp2p(key.peer()), config);
        let address: Multiaddr = format!("/ip4/127.0.0.1/tcp/{}", host.network.port).parse().unwrap();
        swarm.dial(address).unwrap();
        Self { swarm, names, peer: key.peer() }
    }

    /// Answers every question with junk while something else is awaited.
    pub(super) async fn misbehave_during<T>(&mut self, other: impl Future<Output = T>) -> T {
        tokio::pin!(other);
        loop {
            tokio::select! {
                done = &mut other => return done,
                event = self.swarm.select_next_some() => self.answer(event),
            }
        }
    }

    /// Gossips junk on a topic as soon as somebody listens.
    pub(super) async fn gossip_junk(&mut self, topic: TopicHash) {
        while self.swarm.behaviour_mut().gossip.publish(topic.clone(), JUNK).is_err() {
            let event = timeout(PATIENCE, self.swarm.select_next_some()).await.expect("a subscription comes");
            self.answer(event);
        }
    }

    fn answer(&mut self, event: SwarmEvent<BehaviourEvent>) {
        if let SwarmEvent::Behaviour(BehaviourEvent::Sync(request_response::Event::Message {
            message: Message::Request { channel, .. },
            ..
        })) = event
        {
            self.swarm.behaviour_mut().sync.send_response(channel, ()).unwrap();
        }
    }
}

/// Writes junk where a message is due, and does not care what it reads.
#[derive(Debug, Clone, Default)]
pub(super) struct Nonsense;

impl request_response::Codec for Nonsense {
    type Protocol = StreamProtocol;
    type Request = ();
    type Response = ();

    async fn read_request<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
    ) -> io::Result<()> {
        read_all(io).await
    }

    async fn read_response<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
    ) -> io::Result<()> {
        read_all(io).await
    }

    async fn write_request<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        (): (),
    ) -> io::Result<()> {
        io.write_all(JUNK).await
    }

    async fn write_response<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        (): (),
    ) -> io::Result<()> {
        io.write_all(JUNK).await
    }
}

async fn read_all<T: AsyncRead + Unpin + Send>(io: &mut T) -> io::Result<()> {
    io.read_to_end(&mut Vec::new()).await.map(drop)
}
