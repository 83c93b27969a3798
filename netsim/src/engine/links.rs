//! Who is connected to whom, how long a message takes, and which sides are cut off from each other.

use super::NodeIndex;

/// What a link is like, the same in both directions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkSpec {
    /// One-way latency in microseconds.
    pub latency_us: u64,
    /// Bytes a second in each direction; 0 is without limit.
    pub bytes_per_second: u64,
    /// Share of messages that are lost on the way.
    pub loss: f64,
    /// Microseconds that each message takes longer at most, by chance: later ones may overtake it.
    pub jitter_us: u64,
}

impl LinkSpec {
    /// A link without limit or loss.
    pub const fn of_latency(latency_us: u64) -> Self {
        Self { latency_us, bytes_per_second: 0, loss: 0.0, jitter_us: 0 }
    }
}

/// One link as one of its ends sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) to: u32,
    pub(crate) link: u32,
    /// Whether messages pass: both nodes run, and nothing is cut or closed.
    pub(crate) is_up: bool,
    /// Whether latency is all there is to it.
    pub(crate) is_plain: bool,
    pub(crate) latency_us: u32,
}

/// What both ends share.
#[derive(Debug, Clone)]
struct Link {
    ends: [u32; 2],
    spec: LinkSpec,
    /// When each direction is free again: from the lower end, from the higher end.
    free_at_us: [u64; 2],
    is_cut: bool,
    /// Whether nothing of each direction arrives although the link is up: from the lower end, from the higher end.
    is_mute: [bool; 2],
    /// Closed by a node that had enough of the other.
    is_closed: bool,
}

/// All links.
#[derive(Debug, Default)]
pub(crate) struct Links {
    ends: Vec<Vec<End>>,
    shared: Vec<Link>,
    runs: Vec<bool>,
    /// Whether any link ever went down: until then a message that was sent also arrives.
    ever_down: bool,
}

impl Links {
    /// Makes exactly the room that so many more nodes and links take.
    pub(crate) fn reserve(&mut self, nodes: usize, links: usize) {
        self.ends.reserve_exact(nodes);
        self.runs.reserve_exact(nodes);
        self.shared.reserve_exact(links);
    }

    pub(crate) fn add_node(&mut self) {
        self.ends.push(Vec::new());
        self.runs.push(false);
    }

    /// Number of undirected links.
    pub(crate) fn count(&self) -> usize {
        self.shared.len()
    }

    /// Mean one-way latency in microseconds.
    pub(crate) fn mean_latency_us(&self) -> u64 {
        let sum: u64 = self.shared.iter().map(|link| link.spec.latency_us).sum();
        sum / self.shared.len().max(1) as u64
    }

    /// Links two nodes; answers whether they were not linked yet.
    pub(crate) fn join(&mut self, one: NodeIndex, other: NodeIndex, spec: LinkSpec) -> bool {
        if one == other || self.end(one, other).is_some() {
            return false;
        }
        let ends = [one.min(other) as u32, one.max(other) as u32];
        let link = self.shared.len() as u32;
        self.ends[one].reserve_exact(1);
        self.ends[other].reserve_exact(1);
        self.shared.push(Link {
            ends,
            spec,
            free_at_us: [0; 2],
            is_cut: false,
            is_mute: [false; 2],
            is_closed: false,
        });
        for (from, to) in [(one, other), (other, one)] {
            let end = End { to: to as u32, link, is_up: false, is_plain: true, latency_us: 0 };
            self.ends[from].push(end);
        }
        self.refresh(link);
        true
    }

    /// The links of a node.
    pub(crate) fn of(&self, node: NodeIndex) -> &[End] {
        &self.ends[node]
    }

    /// How `from` reaches `to`, if they are linked.
    pub(crate) fn end(&self, from: NodeIndex, to: NodeIndex) -> Option<End> {
        self.ends[from].iter().find(|end| end.to as usize == to).copied()
    }

    /// Whether messages pass between two nodes.
    pub(crate) fn is_up(&self, one: NodeIndex, other: NodeIndex) -> bool {
        self.end(one, other).is_some_and(|end| end.is_up)
    }

    /// Whether a message that is arriving was lost because its link went down meanwhile.
    pub(crate) fn is_lost_on_the_way(&self, from: NodeIndex, to: NodeIndex) -> bool {
        self.ever_down && !self.is_up(from, to)
    }

    /// What a link is like.
    pub(crate) fn spec(&self, link: u32) -> LinkSpec {
        self.shared[link as usize].spec
    }

    /// Sends so many bytes over a link that is not plain, store and forward; answers when they arrive.
    pub(crate) fn send(&mut self, from: NodeIndex, end: End, bytes: u64, now_us: u64) -> u64 {
        let link = &mut self.shared[end.link as usize];
        let direction = usize::from(link.ends[1] == from as u32);
        let sent = if link.spec.bytes_per_second == 0 {
            now_us
        } else {
            let begins = link.free_at_us[direction].max(now_us);
            begins + transmission_us(bytes, link.spec.bytes_per_second)
        };
        link.free_at_us[direction] = sent;
        sent + link.spec.latency_us
    }

    /// Whether nothing arrives that a node sends over a link.
    pub(crate) fn is_mute(&self, from: NodeIndex, link: u32) -> bool {
        let link = &self.shared[link as usize];
        link.is_mute[usize::from(link.ends[1] == from as u32)]
    }

    /// Lets nothing arrive where this holds, of who sends and who does not hear; the links stay up.
    pub(crate) fn mute(&mut self, is_mute: impl Fn(NodeIndex, NodeIndex) -> bool) {
        for number in 0..self.shared.len() {
            let link = &mut self.shared[number];
            let [low, high] = link.ends.map(|end| end as usize);
            link.is_mute = [is_mute(low, high), is_mute(high, low)];
            self.refresh(number as u32);
        }
    }

    /// Changes what the link between two nodes is like; false if they are not linked.
    pub(crate) fn change(
        &mut self,
        one: NodeIndex,
        other: NodeIndex,
        change: impl FnOnce(&mut LinkSpec),
    ) -> bool {
        let Some(end) = self.end(one, other) else { return false };
        change(&mut self.shared[end.link as usize].spec);
        self.refresh(end.link);
        true
    }

    /// Notes that a node runs or does not; answers its neighbours whose link came up or went down by that.
    pub(crate) fn set_running(&mut self, node: NodeIndex, runs: bool) -> Vec<NodeIndex> {
        let neighbours: Vec<_> = self.ends[node].iter().map(|end| (end.to as usize, end.link)).collect();
        self.runs[node] = runs;
        let changed = |(_, link): &(usize, u32)| self.refresh(*link);
        neighbours.into_iter().filter(changed).map(|(other, _)| other).collect()
    }

    /// Closes or opens the link between two nodes; answers whether messages pass now and did not, or the reverse.
    pub(crate) fn set_closed(&mut self, one: NodeIndex, other: NodeIndex, is_closed: bool) -> bool {
        let Some(end) = self.end(one, other) else { return false };
        self.shared[end.link as usize].is_closed = is_closed;
        self.refresh(end.link)
    }

    /// Cuts every link of which this holds; answers the pairs that were connected until now.
    pub(crate) fn cut(
        &mut self,
        is_cut: impl Fn(NodeIndex, NodeIndex) -> bool,
    ) -> Vec<(NodeIndex, NodeIndex)> {
        self.set_cuts(|link| link.is_cut || is_cut(link.ends[0] as usize, link.ends[1] as usize))
    }

    /// Mends every cut; answers the pairs that are connected again.
    pub(crate) fn heal(&mut self) -> Vec<(NodeIndex, NodeIndex)> {
        self.set_cuts(|_| false)
    }

    fn set_cuts(&mut self, is_cut: impl Fn(&Link) -> bool) -> Vec<(NodeIndex, NodeIndex)> {
        let mut changed = Vec::new();
        for number in 0..self.shared.len() {
            let link = &mut self.shared[number];
            link.is_cut = is_cut(link);
            let ends = link.ends;
            if self.refresh(number as u32) {
                changed.push((ends[0] as usize, ends[1] as usize));
            }
        }
        changed
    }

    /// Brings both ends up to date; answers whether the link came up or went down.
    fn refresh(&mut self, number: u32) -> bool {
        let link = &self.shared[number as usize];
        let runs = link.ends.iter().all(|end| self.runs[*end as usize]);
        let is_up = runs && !link.is_cut && !link.is_closed;
        let is_plain = link.spec == LinkSpec::of_latency(link.spec.latency_us) && link.is_mute == [false; 2];
        let latency_us = u32::try_from(link.spec.latency_us).unwrap_or(u32::MAX);
        let mut changed = false;
        for node in link.ends {
            let ends = &mut self.ends[node as usize];
            if let Some(end) = ends.iter_mut().find(|end| end.link == number) {
                changed |= end.is_up != is_up;
                *end = End { is_up, is_plain, latency_us, ..*end };
            }
        }
        self.ever_down |= changed && !is_up;
        changed
    }
}

/// Microseconds that so many bytes take at this rate, rounded up.
pub(crate) const fn transmission_us(bytes: u64, bytes_per_second: u64) -> u64 {
    (bytes * 1_000_000).div_ceil(bytes_per_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(spec: LinkSpec) -> Links {
        let mut links = Links::default();
        for node in 0..2 {
            links.add_node();
            links.set_running(node, true);
        }
        links.join(0, 1, spec);
        links
    }

    #[test]
    fn a_message_waits_until_those_before_it_are_on_the_wire() {
        let mut links = pair(LinkSpec { bytes_per_second: 1_000_000, ..LinkSpec::of_latency(50) });
        let end = links.end(0, 1).unwrap();
        assert_eq!(links.send(0, end, 1_000, 0), 1_050);
        assert_eq!(links.send(0, end, 1_000, 10), 2_050);
        assert_eq!(links.send(1, links.end(1, 0).unwrap(), 10, 10), 70, "the other direction is free");
        assert_eq!(links.send(0, end, 1_000, 5_000), 6_050);
    }

    #[test]
    fn a_link_is_up_when_both_run_and_nothing_is_cut_or_closed() {
        let mut links = pair(LinkSpec::of_latency(5));
        assert!(links.is_up(0, 1) && !links.is_lost_on_the_way(0, 1));
        assert_eq!(links.cut(|one, _| one == 0), [(0, 1)]);
        assert!(links.set_running(1, false).is_empty(), "it was down already");
        assert!(links.heal().is_empty(), "one of the two does not run");
        assert!(links.is_lost_on_the_way(0, 1));
        assert_eq!(links.set_running(1, true), [0]);
        assert!(links.set_closed(0, 1, true) && !links.is_up(1, 0));
        assert!(links.set_closed(1, 0, false) && links.is_up(0, 1));
    }
}
