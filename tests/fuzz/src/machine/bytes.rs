//! The input, taken piece by piece. What is missing at its end counts as zero.

pub(super) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        self.0.split_off_first().copied().unwrap_or_default()
    }

    /// One of several, to be reduced to how many there are.
    pub(super) fn index(&mut self) -> usize {
        usize::from(self.byte())
    }

    /// Small numbers more often than large ones, and all of them some time.
    pub(super) fn number(&mut self) -> u64 {
        match self.byte() {
            small @ 0..0xf0 => u64::from(small),
            many => self
                .take(usize::from(many - 0xf0) / 2 + 1)
                .iter()
                .fold(0, |number, &byte| number << 8 | u64::from(byte)),
        }
    }

    /// Up to so many.
    pub(super) fn take(&mut self, most: usize) -> &'a [u8] {
        self.0.split_off(..most.min(self.0.len())).unwrap_or_default()
    }

    /// As many as the next byte says.
    pub(super) fn some(&mut self) -> &'a [u8] {
        let len = self.index();
        self.take(len)
    }
}
