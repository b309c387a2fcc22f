//! The options of operations, each written once.

macro_rules! option {
    (ttl) => {
        /// The document expires then: a `Duration`, a `SystemTime`, or an [`Expiry`](crate::Expiry). A duration is
        /// rounded up to whole seconds; zero, and what is later than the year 2106, is an argument error.
        #[doc(alias = "expiry")]
        pub fn ttl(self, ttl: impl Into<crate::Expiry>) -> Self {
            let ttl = ttl.into();
            self.map(|request| request.with_expiry(ttl))
        }
    };
    (created_ttl) => {
        /// Expires then, if this creates it; a counter that is there keeps its expiry. Without
        /// [`initial`](Self::initial) it does nothing. A `Duration`, a `SystemTime`, or an [`Expiry`](crate::Expiry).
        #[doc(alias = "expiry")]
        pub fn ttl(self, ttl: impl Into<crate::Expiry>) -> Self {
            let ttl = ttl.into();
            self.map(|request| request.with_expiry(ttl))
        }
    };
    (cas) => {
        /// Only if the document still has this CAS; otherwise the error is `KeyExists`, or `NotFound` if it is not
        /// there any more (`NotStored` of append and prepend). Takes a [`Cas`](crate::Cas) or a reference to a result.
        ///
        /// Zero is no CAS: the operation is unconditional. So is one with the result of a read that was quiet about a
        /// missing document: to store it only if it is still missing, use `add`.
        pub fn cas(self, cas: impl Into<crate::Cas>) -> Self {
            self.map(|request| request.with_cas(cas.into()))
        }
    };
    (quiet) => {
        /// Whether a missing document is a result without `success` instead of an error.
        pub fn quiet(self, quiet: bool) -> Self {
            self.map(|request| request.with_quiet(quiet))
        }
    };
    (create) => {
        /// By how much, whichever the direction. 1 unless told otherwise; of `counter` what it was called with.
        pub fn by(self, amount: u64) -> Self {
            self.map(|request| request.with_amount(amount))
        }

        /// Creates the counter with this value, if it is missing.
        pub fn initial(self, value: u64) -> Self {
            self.map(|request| request.with_initial(value))
        }
    };
}

pub(super) use option;
