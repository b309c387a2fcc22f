//! The promises of the client, on every host.

macro_rules! hosts {
    ($($name:ident: $host:ident),* $(,)?) => {
        $(mod $name { conformance::suite!(conformance::hosts::$host); })*
    };
}

hosts! {
    tokio_current_thread: TokioCurrentThread,
    tokio_multi_thread: TokioMultiThread,
    async_std: AsyncStd,
    smol: Smol,
    futures_thread_pool: FuturesThreadPool,
    background: Background,
    one_thread: OneThread,
}
