//! Dependencies point one way: bindings, facade, systems, core, macros.

use super::{Findings, House, Violation};
use crate::workspace::{Layer, Package};

pub(super) fn look(house: &House) -> Findings {
    let packages = &house.workspace.packages;
    let mut violations = Vec::new();
    for package in packages {
        for dependency in &package.dependencies {
            let Some(target) = house.workspace.package(&dependency.name) else { continue };
            if !may(package, target, dependency.dev) {
                let what = format!("`{}` depends on `{}`", package.name, target.name);
                let line = super::manifests::line_of(house, package, &dependency.name);
                violations.push(Violation::new(package.manifest(), line, what, right(package, target)));
            }
        }
    }
    violations.into_iter().collect()
}

/// Whether `from` may depend on `to`.
fn may(from: &Package, to: &Package, dev: bool) -> bool {
    use Layer::{Bench, Binding, Chores, Compute, Core, Facade, Macros, System, Testkit};
    match (from.layer, to.layer) {
        (_, Testkit) => dev || from.layer == Bench,
        (Core, Macros | Compute) | (Testkit | System, Core | Macros) | (Facade, Core | System) => true,
        (Binding, Facade) => true,
        // A binding's tests declare operations of their own, and what the attribute writes names the kernel.
        (Binding, Core) => dev,
        (Bench, Compute | Core | System | Facade) => true,
        (Macros | Compute | Core | Testkit | System | Facade | Binding | Bench | Chores, _) => false,
    }
}

fn right(from: &Package, to: &Package) -> String {
    match (from.layer, to.layer) {
        (_, Layer::Testkit) => "the test kit is a dev-dependency".into(),
        (Layer::System, Layer::System) => "systems meet through events and ids, never through code".into(),
        (Layer::Binding, _) => "a binding reaches everything through the facade `heptad`".into(),
        (Layer::Chores, _) => {
            "the chores run the house's programs as children and depend on none of it".into()
        }
        _ => format!(
            "dependencies point from the roof to the base, and {:?} stands no higher than {:?}",
            from.layer, to.layer
        ),
    }
}
