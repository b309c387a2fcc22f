//! Who may use which bucket, and how.

use super::random::Random;
use super::scram::{Hash, Keys};
use std::fmt;

/// What a user may do in its buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read documents.
    Read,
    /// Read and write documents.
    ReadWrite,
    /// Everything, in every bucket.
    Administrator,
}

/// A user of the cluster.
#[derive(Clone)]
pub struct User {
    name: String,
    password: String,
    access: Access,
    /// `None` is every bucket.
    buckets: Option<Vec<String>>,
}

impl User {
    /// A user that may read and write in every bucket.
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        Self { name: name.into(), password: password.into(), access: Access::ReadWrite, buckets: None }
    }

    /// The same user, with this access.
    #[must_use]
    pub fn with_access(self, access: Access) -> Self {
        Self { access, ..self }
    }

    /// The same user, for these buckets only.
    #[must_use]
    pub fn with_buckets<S: Into<String>>(self, buckets: impl IntoIterator<Item = S>) -> Self {
        Self { buckets: Some(buckets.into_iter().map(Into::into).collect()), ..self }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    pub(crate) fn is_administrator(&self) -> bool {
        self.access == Access::Administrator
    }

    pub(crate) fn may_write(&self) -> bool {
        self.access != Access::Read
    }

    pub(crate) fn may_use(&self, bucket: &str) -> bool {
        self.is_administrator()
            || self.buckets.as_ref().is_none_or(|buckets| buckets.iter().any(|name| name == bucket))
    }
}

impl fmt::Debug for User {
    // Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("name", &self.name).field("access", &self.access).finish_non_exhaustive()
    }
}

/// All users, with what was derived from their passwords so far.
pub(crate) struct Users {
    users: Vec<(User, [Option<Keys>; 3])>,
    anonymous: Option<usize>,
    iterations: u32,
    salts: u64,
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users").field("count", &self.users.len()).finish_non_exhaustive()
    }
}

impl Users {
    pub(crate) fn new(users: Vec<User>, anonymous: bool, iterations: u32, random: &mut Random) -> Self {
        let mut users: Vec<_> = users.into_iter().map(|user| (user, [None, None, None])).collect();
        let anonymous = anonymous.then(|| {
            // An empty name cannot be given in a SASL exchange that this cluster accepts.
            users.push((User::new("", ""), [None, None, None]));
            users.len() - 1
        });
        Self { users, anonymous, iterations, salts: random.next() }
    }

    /// Who a link is before it authenticates.
    pub(crate) fn anonymous(&self) -> Option<usize> {
        self.anonymous
    }

    pub(crate) fn get(&self, index: usize) -> &User {
        &self.users[index].0
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.users.iter().position(|(user, _)| user.name == name && !name.is_empty())
    }

    /// The user with this name and password.
    pub(crate) fn with_password(&self, name: &str, password: &str) -> Option<usize> {
        self.find(name).filter(|&index| self.users[index].0.password == password)
    }

    /// The keys to challenge `name` with, and who it is if it exists.
    pub(crate) fn keys(&mut self, name: &str, hash: Hash) -> (Keys, Option<usize>) {
        // The same user gets the same salt each time, whether it exists or not.
        let seed = name.bytes().fold(self.salts ^ hash as u64, |seed, byte| {
            (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let salt = || Random::new(seed).bytes(hash.digest(&[]).len());
        let Some(index) = self.find(name) else {
            return (Keys::unmatched(hash, salt(), self.iterations), None);
        };
        let (user, kept) = &mut self.users[index];
        let keys = kept[hash as usize]
            .get_or_insert_with(|| Keys::derive(hash, user.password.as_bytes(), salt(), self.iterations));
        (keys.clone(), Some(index))
    }
}
