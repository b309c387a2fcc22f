//! Programs that the compiler must refuse: they lie in `refused/`, and `tests/refused.rs` sees to it that they are.
