//! The options of operations, each written once.

macro_rules! option {
    (ttl) => {
        /// Expires then: a `Duration`, a `SystemTime`, or an [`Expiry`](crate::Expiry). A duration is rounded up to
        /// whole seconds; zero is an argument error.
        #[doc(alias = "expiry")]
        pub fn ttl(self, ttl: impl Into<crate::Expiry>) -> Self {
            let ttl = ttl.into();
            self.map(|request| request.with_expiry(ttl))
        }
    };
    (cas) => {
        /// Only if the document still has this CAS; otherwise the error is `KeyExists`. Takes a
        /// [`Cas`](crate::Cas) or a reference to a result.
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
        /// By how much. 1 unless told otherwise.
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
