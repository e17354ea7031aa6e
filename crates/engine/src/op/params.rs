//! How the parameters of an op are read, and how they enter the key.
//!
//! In: the values that are set, in one map. Out: the op's own type, and that type as a map again.
//! Most ops have one struct. Ops that do the same kind of work share some parameters and add their
//! own: [`With`]. serde's `flatten` would take unknown parameters without a word, and say of a
//! wrong value no more than that there is one.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{ParamDecl, ParamError, fields};
use crate::value::Value;

/// What an op is set by: a struct with `#[serde(deny_unknown_fields)]` whose fields are the
/// parameters, or [`With`].
pub trait Parameters: Sized + Send + Sync + 'static {
    /// The parameters that can be set.
    fn declared() -> Vec<ParamDecl>;

    /// Reads what is set.
    ///
    /// # Errors
    /// A parameter that is missing, unknown or of another type.
    fn read(set: Value) -> Result<Self, ParamError>;

    /// What enters the key.
    ///
    /// # Errors
    /// A type that JSON does not have.
    fn value(&self) -> Result<Value, ParamError>;

    /// Reads what [`Parameters::value`] has given, on this machine or another; none if that was of
    /// other parameters.
    fn recorded(value: &Value) -> Option<Self>;
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Parameters for T {
    fn declared() -> Vec<ParamDecl> {
        fields::of::<T>()
    }

    fn read(set: Value) -> Result<Self, ParamError> {
        serde_path_to_error::deserialize(set).map_err(ParamError::of_type)
    }

    fn value(&self) -> Result<Value, ParamError> {
        serde_json::to_value(self).map_err(|error| ParamError::new(".", error.to_string()))
    }

    fn recorded(value: &Value) -> Option<Self> {
        T::deserialize(value).ok()
    }
}

/// Parameters that several ops share, with every `auto` resolved.
pub trait Shared: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The same as they are set, with `#[serde(deny_unknown_fields)]`.
    type Given: DeserializeOwned;

    /// Checks ranges and resolves what depends on the machine.
    ///
    /// # Errors
    /// A value out of range, with its parameter and the range.
    fn resolve(given: Self::Given) -> Result<Self, ParamError>;
}

/// Shared parameters and an op's own, side by side in one map; no name may stand in both.
pub struct With<S, Own = NoOthers> {
    /// Those of every op of a kind.
    pub shared: S,
    /// Those of this op alone.
    pub own: Own,
}

/// For an op that has the shared parameters alone.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoOthers {}

impl<S: Shared, Own> With<S, Own> {
    /// A map's shared parameters, and all others.
    fn divided(map: Value) -> (Value, Value) {
        let Value::Object(map) = map else { return (map, Value::Object(serde_json::Map::new())) };
        let shared = fields::of::<S::Given>();
        let (shared, own): (serde_json::Map<_, _>, _) =
            map.into_iter().partition(|(name, _)| shared.iter().any(|param| param.name == name));
        (Value::Object(shared), Value::Object(own))
    }
}

impl<S: Shared, Own: Parameters> Parameters for With<S, Own> {
    fn declared() -> Vec<ParamDecl> {
        [fields::of::<S::Given>(), Own::declared()].concat()
    }

    fn read(set: Value) -> Result<Self, ParamError> {
        let (shared, own) = Self::divided(set);
        let given = serde_path_to_error::deserialize(shared).map_err(ParamError::of_type)?;
        let own = Own::read(own)?;
        Ok(With { shared: S::resolve(given)?, own })
    }

    fn value(&self) -> Result<Value, ParamError> {
        let (mut all, own) = (Parameters::value(&self.shared)?, self.own.value()?);
        if let (Value::Object(all), Value::Object(own)) = (&mut all, own) {
            all.extend(own);
        }
        Ok(all)
    }

    fn recorded(value: &Value) -> Option<Self> {
        let (shared, own) = Self::divided(value.clone());
        Some(With { shared: S::deserialize(shared).ok()?, own: Own::recorded(&own)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Resolved {
        size: u32,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Given {
        size: Option<u32>,
        #[serde(default)]
        halves: Vec<bool>,
    }

    impl Shared for Resolved {
        type Given = Given;

        fn resolve(Given { size, halves }: Given) -> Result<Self, ParamError> {
            match size.unwrap_or(8) {
                0 => Err(ParamError::new("size", "must be at least 1, not 0")),
                size => Ok(Resolved { size: size >> halves.len() }),
            }
        }
    }

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Own {
        rate: f64,
    }

    type Both = With<Resolved, Own>;

    #[test]
    fn shared_and_own_parameters_lie_in_one_map() {
        let declared: Vec<(&str, usize)> =
            Both::declared().iter().map(|param| (param.name, param.depth)).collect();
        assert_eq!(declared, [("size", 0), ("halves", 1), ("rate", 0)]);
        let both = Both::read(json!({"halves": [true], "rate": 0.5})).unwrap();
        assert_eq!((&both.shared, both.own.rate), (&Resolved { size: 4 }, 0.5));
        assert_eq!(both.value().unwrap(), json!({"size": 4, "rate": 0.5}));
        let recorded = Both::recorded(&both.value().unwrap()).unwrap();
        assert_eq!((recorded.shared, recorded.own.rate), (both.shared, 0.5));
    }

    #[test]
    fn a_parameter_that_is_wrong_is_named() {
        let refused = |set| Both::read(set).err().map(|error| (error.param, error.what)).unwrap();
        let (param, what) = refused(json!({"rate": 0.5, "rat": 1}));
        assert!(param == "rat" && what.contains("unknown field"), "{param}: {what}");
        assert_eq!(refused(json!({"rate": 0.5, "size": "x"})).0, "size");
        assert_eq!(refused(json!({"rate": "x", "size": 0})).0, "rate", "types come before ranges");
        assert_eq!(refused(json!({"rate": 0.5, "size": 0})).1, "must be at least 1, not 0");
        assert!(refused(json!({})).1.contains("missing field `rate`"));
        assert!(Both::recorded(&json!({"size": 4, "rate": 0.5, "other": 1})).is_none());
    }
}
