//! One table macro for the protocol's numbered names.

/// A newtype over the wire's number with a constant and a name for each number that is known. Any number is legal.
macro_rules! codes {
    (
        $(#[$about:meta])*
        $name:ident($repr:ty) {
            $( $(#[$doc:meta])* $code:ident = $value:literal, )*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $repr);

        impl $name {
            $( $(#[$doc])* pub const $code: Self = Self($value); )*

            /// Every one that has a name, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$code),*];

            /// The protocol's name of it, if it is a known one.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $( $value => Some(stringify!($code)), )*
                    _ => None,
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{:#04x}", self.0)?;
                match self.name() {
                    Some(name) => write!(f, " ({name})"),
                    None => Ok(()),
                }
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, concat!(stringify!($name), "({:#04x})"), self.0),
                }
            }
        }
    };
}

pub(super) use codes;
