/// Defines an enum each of whose values has a name, in one table: `ALL`, `as_str`, and `named`,
/// which finds the value by its name. The name is what is stored and what clients see, so it stays.
macro_rules! named {
    ($(#[$about:meta])* pub enum $type:ident {
        $($(#[$note:meta])* $value:ident = $name:literal,)+
    }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $type {
            $($(#[$note])* $value,)+
        }

        impl $type {
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$value),+];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $name),+
                }
            }

            /// `None`: no value has the name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|value| value.as_str() == name)
            }
        }
    };
}
pub(super) use named;
