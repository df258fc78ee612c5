//! The same for each direction.

use std::ops::{Index, IndexMut};

use crate::event::Direction;

/// One for what flows to the server, one for what flows to the client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ways<T> {
    /// From the browser to Finesse.
    pub to_server: T,
    /// From Finesse to the browser.
    pub to_client: T,
}

impl<T> Index<Direction> for Ways<T> {
    type Output = T;

    fn index(&self, direction: Direction) -> &T {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }
}

impl<T> IndexMut<Direction> for Ways<T> {
    fn index_mut(&mut self, direction: Direction) -> &mut T {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }
}
