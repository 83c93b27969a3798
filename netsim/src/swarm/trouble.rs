//! What goes wrong in a step of a run, as often as its seed drew it.

use rand::RngExt;

use super::drive::{DISK_US, Drive, MINUTE, SECOND, SLOW_DISK_US, STEP_US};
use super::plan::Swarm;
use crate::checks::Finding;
use crate::engine::NodeIndex;

/// Payments of a flood.
const FLOOD: u32 = 300;

impl Drive {
    /// Notes who crashed by itself.
    pub(super) fn bury(&mut self) {
        for node in self.world.take_crashed() {
            self.deaths += 1;
            let back_us = self.world.now_us() + self.random.random_range(SECOND..3 * MINUTE);
            self.back_at_us.insert(node, back_us);
        }
    }

    /// Whatever comes to nodes, links and clients in this step.
    pub(super) fn mishaps(&mut self) -> Result<(), Finding> {
        let node = self.random.random_range(0..self.swarm.nodes);
        let Swarm { kill, clock_jump, slow_disk, pause, flood, vandal, .. } = self.swarm;
        if self.comes(kill) && self.world.node(node).is_running() {
            self.world.crash(node);
            self.bury();
        }
        self.upset_links(node);
        if self.comes(clock_jump) {
            self.world.step_clock(node, self.random.random_range(-600_000..=600_000));
        }
        if self.comes(slow_disk) {
            let slow = self.world.node(node).disk_us == DISK_US;
            self.world.set_disk(node, if slow { SLOW_DISK_US } else { DISK_US });
        }
        if self.comes(pause) {
            self.world.pause(node, self.random.random_range(0..40 * SECOND));
        }
        if self.comes(flood) {
            (0..FLOOD).for_each(|_| self.load.pay(&mut self.world));
        }
        if self.comes(vandal) && self.world.is_honest(node) {
            self.vandal.strike(&mut self.world, node, &mut self.random)?;
        }
        Ok(())
    }

    fn upset_links(&mut self, node: NodeIndex) {
        let Swarm { nodes, partition, one_way, flap, clog, .. } = self.swarm;
        if self.comes(partition) {
            let sides = self.random.random_range(2..4);
            let side = self.sides(sides);
            self.world.mark(format!("cut into {sides} sides"));
            self.world.cut(|one, other| side[one] != side[other]);
            self.heal_later();
        }
        if self.comes(one_way) {
            let side = self.sides(2);
            self.world.mark("one side does not hear the other");
            self.world.mute(|from, to| side[from] < side[to]);
            self.heal_later();
        }
        if self.comes(flap) {
            self.world.cut_off(&[node]);
            self.world.run_for(self.random.random_range(0..3 * SECOND));
            self.world.heal();
        }
        if self.comes(clog) {
            let latency_us = self.random.random_range(0..3 * SECOND);
            for other in (0..nodes).filter(|other| *other != node) {
                self.world.change_link(node, other, |spec| {
                    (spec.latency_us, spec.bytes_per_second) = (latency_us, 20_000);
                });
            }
        }
    }

    /// A side for each node.
    fn sides(&mut self, sides: usize) -> Vec<usize> {
        (0..self.swarm.nodes).map(|_| self.random.random_range(0..sides)).collect()
    }

    fn heal_later(&mut self) {
        self.heal_at_us = Some(self.world.now_us() + self.random.random_range(SECOND..4 * MINUTE));
    }

    /// Whether something that is so likely in a minute comes in this step.
    fn comes(&mut self, per_minute: f64) -> bool {
        let draw: f64 = self.random.random();
        draw < per_minute * STEP_US as f64 / MINUTE as f64
    }

    /// Brings back what is due.
    pub(super) fn recover(&mut self) {
        let now_us = self.world.now_us();
        if self.heal_at_us.is_some_and(|at| at <= now_us) {
            self.heal_at_us = None;
            self.world.heal();
        }
        let due: Vec<_> =
            self.back_at_us.iter().filter(|(_, at)| **at <= now_us).map(|(node, _)| *node).collect();
        for node in due {
            self.back_at_us.remove(&node);
            self.world.start(node);
            if self.random.random::<f64>() < self.swarm.kill_in_recovery {
                self.world.run_for(self.random.random_range(0..10_000));
                if self.world.node(node).is_running() {
                    self.world.crash(node);
                }
                self.bury();
            }
        }
    }
}
