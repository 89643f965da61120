//! VolumeBinding: the node must be able to reach the pod's volumes. What is known of them is collected by
//! [`super::super::volumes`].

use super::super::alike::Rank;
use super::super::framework::Plugin;
use super::{hopeless, node_affinity};

/// A claim for one pod only is not shared.
pub const VOLUME_RESTRICTIONS: Plugin = Plugin {
    name: "VolumeRestrictions",
    filter: Some(|s, _| match s.ask.volumes.taken {
        true => super::refused(
            "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode",
        ),
        false => Ok(()),
    }),
    alike: Some(|_| Some(Rank::No)),
    ..Plugin::NONE
};

/// A volume that is labelled with its zone can be used there only; a node that has no such labels is anywhere.
pub const VOLUME_ZONE: Plugin = Plugin {
    name: "VolumeZone",
    filter: Some(|s, row| {
        let zones = &s.ask.volumes.zones;
        let labelled = zones.iter().any(|(key, _)| row.labels.has(key));
        let there = |(key, values): &(machinery::Str, machinery::Str)| {
            let node = row.labels.get(key).as_str();
            values.split("__").any(|v| Some(v) == node)
        };
        if labelled && !zones.iter().all(there) {
            return hopeless("node(s) had no available volume zone");
        }
        Ok(())
    }),
    alike: Some(|_| Some(Rank::No)),
    ..Plugin::NONE
};

pub const VOLUME_BINDING: Plugin = Plugin {
    name: "VolumeBinding",
    pre_filter: Some(|s| match &s.ask.volumes.problem {
        Some(text) => Err(text.clone()),
        None => Ok(()),
    }),
    filter: Some(|s, row| {
        let v = &s.ask.volumes;
        if v.node_rules
            .iter()
            .any(|rule| !node_affinity::selects(rule, row))
        {
            return hopeless("node(s) didn't match PersistentVolume's node affinity");
        }
        for claim in &v.delayed {
            if claim.node.as_ref().is_some_and(|n| *n != row.name) {
                return hopeless("node(s) didn't match PersistentVolume's node affinity");
            }
            let reachable =
                |rule: &machinery::Value| rule.is_null() || node_affinity::selects(rule, row);
            if !claim.provisioned && !claim.candidates.iter().any(reachable) {
                return hopeless("node(s) didn't find available persistent volumes to bind");
            }
        }
        Ok(())
    }),
    // Pods with claims are never taken for alike.
    alike: Some(|_| Some(Rank::No)),
    ..Plugin::NONE
};
