//! What every change leaves: statements, events, audit; and the declarations and migrations that they are made of.

mod changes;
mod declarations;
mod events;
mod net;
