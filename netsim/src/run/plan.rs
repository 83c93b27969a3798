//! What happens when: the scenario's events, spread out in time and carried out.

use rand_chacha::ChaCha12Rng;

use super::build::{draw_link, named, sizes};
use crate::engine::{NodeIndex, World};
use crate::scenario::{EventPlan, Scenario};

/// Links that a node makes when it joins.
const LINKS_OF_A_JOINER: usize = 4;

/// An event at one moment.
#[derive(Debug, Clone)]
pub(super) struct Due {
    pub(super) at_us: u64,
    pub(super) event: EventPlan,
}

/// What an event changed that the run must know.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// What it did, in words.
    pub(super) words: String,
    /// Whether nodes that differ must come together now.
    pub(super) must_converge: bool,
    /// Payments to be sent at once.
    pub(super) burst: u32,
}

/// All events up to the end, in the order of time; those of one moment in the order of the file.
pub(super) fn spread(scenario: &Scenario, end_us: u64) -> Vec<Due> {
    let mut due = Vec::new();
    for event in &scenario.events {
        let until_us = event.until.map_or(end_us, |until| until.0.min(end_us));
        let mut at_us = event.at.0;
        while at_us < until_us || at_us == event.at.0 {
            due.push(Due { at_us, event: event.clone() });
            match event.every.filter(|every| every.0 > 0) {
                Some(every) => at_us += every.0,
                None => break,
            }
        }
    }
    due.sort_by_key(|due| due.at_us);
    due
}

/// Carries an event out.
pub(super) fn carry_out(
    event: &EventPlan,
    scenario: &Scenario,
    world: &mut World,
    hash_rates: &[f64],
    random: &mut ChaCha12Rng,
) -> Done {
    let mut done = Done::default();
    if let Some(parts) = &event.partition {
        let sides = side_of_each(parts, world.len());
        world.cut(|one, other| sides[one] != sides[other]);
        done.words = format!("cut into {} sides", parts.len());
    }
    if let Some(who) = &event.cut_off {
        let side = named(who, world, random);
        world.cut_off(&side);
        done.words = format!("cut off {}", nodes(&side));
    }
    if let Some(who) = &event.deafen {
        let deaf = named(who, world, random);
        world.mute(|from, to| deaf.contains(&to) && !deaf.contains(&from));
        done.words = format!("{} hear nothing", nodes(&deaf));
    }
    if event.heal == Some(true) {
        world.heal();
        done.words = "healed".into();
        done.must_converge = true;
    }
    if let Some(who) = event.kill.as_ref().or(event.leave.as_ref()) {
        let gone = named(who, world, random);
        for node in &gone {
            world.kill(*node);
        }
        done.words = format!("{} {}", nodes(&gone), if event.leave.is_some() { "left" } else { "killed" });
    }
    if let Some(who) = &event.restart {
        let back = named(who, world, random);
        for node in &back {
            world.start(*node);
        }
        done.words = format!("{} started again", nodes(&back));
        done.must_converge = true;
    }
    if let Some(count) = event.join {
        for _ in 0..count {
            join(scenario, world, random);
        }
        done.words = format!("{count} joined");
        done.must_converge = true;
    }
    carry_out_change(event, world, hash_rates, random, &mut done);
    done
}

fn carry_out_change(
    event: &EventPlan,
    world: &mut World,
    hash_rates: &[f64],
    random: &mut ChaCha12Rng,
    done: &mut Done,
) {
    if let Some(plan) = &event.slow {
        let slow = named(&plan.nodes, world, random);
        for node in &slow {
            for other in world.neighbours(*node) {
                world.change_link(*node, other, |spec| {
                    spec.latency_us = plan.latency.map_or(spec.latency_us, |span| span.0);
                    spec.bytes_per_second = plan.bandwidth.map_or(spec.bytes_per_second, |rate| rate.0);
                    spec.loss = plan.loss.unwrap_or(spec.loss);
                });
            }
        }
        done.words = format!("links of {} changed", nodes(&slow));
    }
    if let Some(plan) = &event.clock {
        let stepped = named(&plan.nodes, world, random);
        for node in &stepped {
            world.step_clock(*node, plan.step.0 / 1_000);
        }
        done.words = format!("clock of {} stepped by {} s", nodes(&stepped), plan.step.0 / 1_000_000);
    }
    if let Some(plan) = &event.hash_rate {
        let changed = named(&plan.nodes, world, random);
        for node in &changed {
            let first = hash_rates.get(*node).copied().unwrap_or_default();
            world.set_hash_rate(*node, first * plan.factor);
        }
        done.words = format!("hash rate of {} times {}", nodes(&changed), plan.factor);
    }
    if let Some(count) = event.burst {
        done.burst = count;
        done.words = format!("{count} payments at once");
    }
}

fn join(scenario: &Scenario, world: &mut World, random: &mut ChaCha12Rng) {
    let running: Vec<_> = (0..world.len()).filter(|node| world.node(*node).is_running()).collect();
    let node = world.add_node();
    let mut partners = running;
    for _ in 0..LINKS_OF_A_JOINER.min(partners.len()) {
        let place = rand::RngExt::random_range(random, 0..partners.len());
        let spec = draw_link(scenario, random);
        world.link(node, partners.swap_remove(place), spec);
    }
    world.start(node);
}

/// The side of each node, in the order of their numbers; who joined since is on the last.
fn side_of_each(parts: &[f64], nodes: usize) -> Vec<usize> {
    let sizes = sizes(parts, nodes).into_iter().enumerate();
    sizes.flat_map(|(side, size)| std::iter::repeat_n(side, size as usize)).collect()
}

fn nodes(list: &[NodeIndex]) -> String {
    match list {
        [one] => format!("node {one}"),
        _ => format!("{} nodes", list.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_recurs_does_so_until_its_end_and_all_is_in_the_order_of_time() {
        let text = "name = \"x\"\nabout = \"y\"\nnodes = 3\nfor = \"10m\"\ntopology = { kind = \"line\" }\n\
                    [[event]]\nat = \"2m\"\nevery = \"2m\"\nuntil = \"7m\"\nheal = true\n\
                    [[event]]\nat = \"3m\"\njoin = 1\n";
        let scenario = Scenario::parse("x", text).unwrap();
        let minutes: Vec<_> =
            spread(&scenario, 600_000_000).iter().map(|due| due.at_us / 60_000_000).collect();
        assert_eq!(minutes, [2, 3, 4, 6]);
    }
}
