//! The JavaScript engine: compiles map and reduce functions and runs them within limits.
//!
//! An engine lives for one call of this module, so nothing of it is shared and no function sees what another left
//! behind. Loops are counted, which gives the same outcome on every machine; a clock ends what counting cannot see
//! (few steps that each take long). Memory and stack are bounded by the engine itself. One native call that neither
//! counts nor allocates (joining an array of four thousand million holes) goes on to its end.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rquickjs::context::EvalOptions;
use rquickjs::function::Opt;
use rquickjs::{CatchResultExt, Context, Ctx, Exception, Function, Object, Runtime, Value};

use super::Document;

/// Memory of one engine, in bytes.
const MEMORY: usize = 64 * 1024 * 1024;
/// Stack of one engine, in bytes: well below a thread's.
const STACK: usize = 256 * 1024;
/// Steps of one call of the user's function, in units of 10,000 jumps and calls.
const STEPS: u32 = 1_000;
/// Time of one call of the user's function.
const TIME: Duration = Duration::from_secs(5);
/// Keys and values that one document may emit, in bytes of JSON.
const EMITTED: usize = 1024 * 1024;

/// `sum`, `dateToArray` and `decodeBase64`.
const BUILTIN: &str = include_str!("builtin.js");

/// What one call of a map function emitted, as JSON texts.
pub(super) struct Emitted {
    /// Which of the documents it was.
    pub(super) document: usize,
    pub(super) key: String,
    pub(super) value: String,
}

/// Compiles the text of one function; the error is the engine's own words.
pub(super) fn check(code: &str) -> Result<(), String> {
    Sandbox::new()?.run(|ctx, _| compile(ctx, code).map(drop))
}

/// Calls a map function for each document. A document at which it throws emits nothing; the error names the document
/// at which it ran past its limits.
pub(super) fn map(code: &str, documents: &[Document]) -> Result<Vec<Emitted>, String> {
    Sandbox::new()?.run(|ctx, limits| {
        let emitted = Rc::new(RefCell::new(Batch::default()));
        let function = prepare_map(ctx, code, &emitted).catch(ctx).map_err(|error| error.to_string())??;
        for (index, document) in documents.iter().enumerate() {
            // The real engine, too, skips documents whose key is no text.
            let Ok(id) = std::str::from_utf8(&document.id) else { continue };
            emitted.borrow_mut().begin(index);
            limits.restart();
            let outcome = call_map(ctx, &function, id, document).catch(ctx);
            if limits.exceeded() {
                return Err(format!("the map function ran past its limits at document `{id}`"));
            }
            if outcome.is_err() {
                emitted.borrow_mut().discard();
            }
        }
        Ok(emitted.take().rows)
    })
}

/// Calls of a reduce function, in the engine that [`reduce`] made for them.
pub(super) struct Reducer<'a, 'js> {
    ctx: &'a Ctx<'js>,
    function: Function<'js>,
    limits: &'a Limits,
}

impl Reducer<'_, '_> {
    /// Calls the function with keys and values as JSON texts (`null` as keys when reducing again), and gives the
    /// result as JSON.
    pub(super) fn call(&self, keys: &str, values: &str, again: bool) -> Result<String, String> {
        self.limits.restart();
        let outcome = self.try_call(keys, values, again).catch(self.ctx);
        if self.limits.exceeded() {
            return Err("the reduce function ran past its limits".to_owned());
        }
        outcome.map_err(|error| error.to_string())
    }

    fn try_call(&self, keys: &str, values: &str, again: bool) -> rquickjs::Result<String> {
        let keys = self.ctx.json_parse(keys)?;
        let values = self.ctx.json_parse(values)?;
        json_text(self.function.call((keys, values, again))?)
    }
}

/// Runs `work` with a reduce function.
pub(super) fn reduce<T>(
    code: &str,
    work: impl FnOnce(&Reducer<'_, '_>) -> Result<T, String>,
) -> Result<T, String> {
    Sandbox::new()?.run(|ctx, limits| {
        let function = compile(ctx, code)?;
        work(&Reducer { ctx, function, limits })
    })
}

/// How far the function under way may still go.
struct Limits {
    steps: Cell<u32>,
    until: Cell<Instant>,
}

impl Limits {
    fn new() -> Self {
        Self { steps: Cell::new(STEPS), until: Cell::new(Instant::now() + TIME) }
    }

    fn restart(&self) {
        self.steps.set(STEPS);
        self.until.set(Instant::now() + TIME);
    }

    /// Counts one unit of steps; true ends the function.
    fn step(&self) -> bool {
        let steps = if Instant::now() < self.until.get() { self.steps.get().saturating_sub(1) } else { 0 };
        self.steps.set(steps);
        steps == 0
    }

    fn exceeded(&self) -> bool {
        self.steps.get() == 0
    }
}

struct Sandbox {
    context: Context,
    limits: Rc<Limits>,
    _runtime: Runtime,
}

impl Sandbox {
    fn new() -> Result<Self, String> {
        let runtime = Runtime::new().map_err(|error| error.to_string())?;
        runtime.set_memory_limit(MEMORY);
        runtime.set_max_stack_size(STACK);
        let limits = Rc::new(Limits::new());
        let counted = Rc::clone(&limits);
        runtime.set_interrupt_handler(Some(Box::new(move || counted.step())));
        let context = Context::full(&runtime).map_err(|error| error.to_string())?;
        Ok(Self { context, limits, _runtime: runtime })
    }

    fn run<T>(&self, work: impl FnOnce(&Ctx<'_>, &Limits) -> Result<T, String>) -> Result<T, String> {
        self.context.with(|ctx| {
            ctx.eval::<(), _>(BUILTIN).catch(&ctx).map_err(|error| error.to_string())?;
            work(&ctx, &self.limits)
        })
    }
}

fn compile<'js>(ctx: &Ctx<'js>, code: &str) -> Result<Function<'js>, String> {
    // As a real server does: a name that nobody has declared is a variable, and no error.
    let mut options = EvalOptions::default();
    options.strict = false;
    let value: Value<'js> = ctx
        .eval_with_options(format!("({code}\n)"), options)
        .catch(ctx)
        .map_err(|error| error.to_string())?;
    value.into_function().ok_or_else(|| "the text is not a function".to_owned())
}

/// What the documents emitted so far.
#[derive(Default)]
struct Batch {
    rows: Vec<Emitted>,
    document: usize,
    first: usize,
    bytes: usize,
}

impl Batch {
    fn begin(&mut self, document: usize) {
        self.document = document;
        self.first = self.rows.len();
        self.bytes = 0;
    }

    /// False: the document emits more than it may.
    fn push(&mut self, key: String, value: String) -> bool {
        self.bytes += key.len() + value.len();
        let fits = self.bytes <= EMITTED;
        if fits {
            self.rows.push(Emitted { document: self.document, key, value });
        }
        fits
    }

    fn discard(&mut self) {
        self.rows.truncate(self.first);
    }
}

fn prepare_map<'js>(
    ctx: &Ctx<'js>,
    code: &str,
    emitted: &Rc<RefCell<Batch>>,
) -> rquickjs::Result<Result<Function<'js>, String>> {
    let batch = Rc::clone(emitted);
    let emit = move |ctx: Ctx<'js>, key: Opt<Value<'js>>, value: Opt<Value<'js>>| {
        let undefined = || Value::new_undefined(ctx.clone());
        let key = json_text(key.0.unwrap_or_else(undefined))?;
        let value = json_text(value.0.unwrap_or_else(undefined))?;
        if batch.borrow_mut().push(key, value) {
            Ok(())
        } else {
            Err(Exception::throw_range(&ctx, "the document emits too much"))
        }
    };
    ctx.globals().set("emit", Function::new(ctx.clone(), emit)?)?;
    Ok(compile(ctx, code))
}

fn call_map<'js>(
    ctx: &Ctx<'js>,
    function: &Function<'js>,
    id: &str,
    document: &Document,
) -> rquickjs::Result<()> {
    let parsed = document.json.then(|| ctx.json_parse(document.value.to_vec()).ok()).flatten();
    let (doc, kind) = match parsed {
        Some(doc) => (doc, "json"),
        None => {
            // A failed parse leaves its exception behind.
            ctx.catch();
            let text = rquickjs::String::from_str(ctx.clone(), &STANDARD.encode(&document.value))?;
            (text.into_value(), "base64")
        }
    };
    let meta = Object::new(ctx.clone())?;
    meta.set("id", id)?;
    meta.set(
        "rev",
        format!("{}-{:016x}{:08x}{:08x}", document.rev, document.cas, document.expiry, document.flags),
    )?;
    meta.set("expiration", document.expiry)?;
    meta.set("flags", document.flags)?;
    meta.set("type", kind)?;
    function.call::<_, Value<'js>>((doc, meta)).map(drop)
}

/// A value as JSON; what has no JSON (undefined, functions) is null.
fn json_text(value: Value<'_>) -> rquickjs::Result<String> {
    match value.ctx().clone().json_stringify(value)? {
        Some(text) => text.to_string(),
        None => Ok("null".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_ends_at_its_last_step_or_when_its_time_is_over() {
        let limits = Limits::new();
        let steps = (1..).take_while(|_| !limits.step()).count();
        assert_eq!(steps as u32, STEPS - 1);
        assert!(limits.exceeded() && limits.step());

        limits.restart();
        assert!(!limits.exceeded() && !limits.step());
        limits.until.set(Instant::now());
        assert!(limits.step() && limits.exceeded());
    }

    #[test]
    fn native_code_that_would_take_long_or_much_is_ended() {
        for code in [
            "Array.prototype.indexOf.call({length: 2 ** 53 - 1}, 1)",
            "'x'.repeat(2 ** 30)",
            "2n ** 100000000n",
            "/^(a+)+$/.test('a'.repeat(40) + 'b')",
            "new Array(2 ** 25).fill(0).sort()",
            "Array.from({length: 2 ** 40})",
            "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
        ] {
            let outcome = check(&format!("(() => {{ {code}; return () => 0; }})()"));
            assert!(outcome.is_err(), "{code}");
        }
    }
}
