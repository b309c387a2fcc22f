//! Everything that the driver polls: look-ups, attempts to connect, links; each in a place of its own with a waker
//! of its own.

use super::link::Link;
use super::signal::{Signal, SourceWaker};
use crate::machine::{LinkId, ResolveId};
use crate::rt::{BoxFuture, Socket};
use std::boxed::Box;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Waker;
use std::vec::Vec;

pub(super) enum Source {
    Resolving(ResolveId, BoxFuture<io::Result<Vec<SocketAddr>>>),
    Connecting(LinkId, BoxFuture<io::Result<Box<dyn Socket>>>),
    Link(Link),
    Vacant,
}

struct Place {
    source: Source,
    listed: Arc<SourceWaker>,
    waker: Waker,
}

pub(super) struct Sources {
    signal: Arc<Signal>,
    places: Vec<Place>,
    free: Vec<usize>,
    /// By the machine's slot of a link: its place.
    by_link: Vec<Option<usize>>,
}

impl Sources {
    pub(super) fn new(signal: &Arc<Signal>) -> Self {
        Self { signal: signal.clone(), places: Vec::new(), free: Vec::new(), by_link: Vec::new() }
    }

    /// Gives a source a place.
    pub(super) fn insert(&mut self, source: Source) -> usize {
        let position = self.free.pop().unwrap_or(self.places.len());
        // A new waker: one that a former source left behind is none of this one's business.
        let listed = SourceWaker::new(&self.signal, position);
        if let Source::Connecting(id, _) = &source {
            if self.by_link.len() <= id.slot() {
                self.by_link.resize(id.slot() + 1, None);
            }
            self.by_link[id.slot()] = Some(position);
        }
        let place = Place { source, waker: listed.clone().into(), listed };
        if position == self.places.len() {
            self.places.push(place);
        } else {
            self.places[position] = place;
        }
        position
    }

    /// A source that was taken off the list of those that are ready: from here on it may be listed again.
    pub(super) fn take_off(&self, position: usize) {
        if let Some(place) = self.places.get(position) {
            place.listed.unlist();
        }
    }

    /// The source at a position, and the waker to poll it with.
    pub(super) fn get(&mut self, position: usize) -> Option<(&mut Source, &Waker)> {
        self.places.get_mut(position).map(|place| (&mut place.source, &place.waker))
    }

    /// Puts a source on the list of those that are ready.
    pub(super) fn list(&self, position: usize) {
        if let Some(place) = self.places.get(position) {
            place.waker.wake_by_ref();
        }
    }

    /// An attempt to connect has come to an end: the place is the link's now.
    pub(super) fn connected(&mut self, position: usize, link: Link) {
        if let Some(place) = self.places.get_mut(position) {
            place.source = Source::Link(link);
        }
    }

    /// The link, if it is still there and connected.
    pub(super) fn link(&mut self, id: LinkId) -> Option<(usize, &mut Link)> {
        let position = (*self.by_link.get(id.slot())?)?;
        match &mut self.places.get_mut(position)?.source {
            Source::Link(link) if link.id == id => Some((position, link)),
            _ => None,
        }
    }

    /// The place of a link, connected or not.
    pub(super) fn position(&self, id: LinkId) -> Option<usize> {
        let position = (*self.by_link.get(id.slot())?)?;
        match &self.places.get(position)?.source {
            Source::Link(link) if link.id == id => Some(position),
            Source::Connecting(connecting, _) if *connecting == id => Some(position),
            _ => None,
        }
    }

    /// The place of a look-up. There are few of them.
    pub(super) fn look_up(&self, query: ResolveId) -> Option<usize> {
        self.places.iter().position(|place| matches!(place.source, Source::Resolving(id, _) if id == query))
    }

    /// Takes a source out; dropping it closes the socket.
    pub(super) fn remove(&mut self, position: usize) -> Source {
        let Some(place) = self.places.get_mut(position) else { return Source::Vacant };
        let source = mem::replace(&mut place.source, Source::Vacant);
        match &source {
            Source::Link(Link { id, .. }) | Source::Connecting(id, _) => {
                if let Some(known) = self.by_link.get_mut(id.slot()).filter(|known| **known == Some(position))
                {
                    *known = None;
                }
                self.free.push(position);
            }
            Source::Resolving(..) => self.free.push(position),
            Source::Vacant => {}
        }
        source
    }

    /// All links, connected or not.
    pub(super) fn link_ids(&self) -> impl Iterator<Item = LinkId> {
        self.places.iter().filter_map(|place| match &place.source {
            Source::Link(Link { id, .. }) | Source::Connecting(id, _) => Some(*id),
            Source::Resolving(..) | Source::Vacant => None,
        })
    }

    pub(super) fn clear(&mut self) {
        self.places.clear();
        self.free.clear();
        self.by_link.clear();
    }
}
