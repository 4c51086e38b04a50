"""The table of codes: one row for each thing that a person may have to know, decide or do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from fluxv2_migrate.given import checked_list

Severity = Literal["error", "warning", "info"]
Concern = Literal["merge", "cluster", "release", "images", "first", "runs", "assumed", "left", "nothing"]
"""What a question blocks (the first four), or what harm something may do that is no question."""


@dataclass(frozen=True, slots=True)
class FindingType:
    """A kind of finding.

    Attributes:
        code: stable, never used again for something else.
        slug: the code in words.
        severity: `error`: something would be lost or unsafe until a person acts; `warning`: behaves
            differently; `info`: good to know.
        remedy: what to do.
        settled_by_a_look: whether a person can decide that an error is settled, as nothing would be lost.
        holds_back: whether an error keeps a release as it was; else the release is migrated, and the error
            says what must be known before anybody merges it.
        concern: what it blocks or does, where that does not follow from what it is about.
    """

    code: str
    slug: str
    severity: Severity
    remedy: str
    settled_by_a_look: bool = False
    holds_back: bool = True
    concern: Concern | None = None

    @property
    def acceptable(self) -> bool:
        """Whether a person can decide that it is settled, an error only where nothing would be lost.

        >>> FINDINGS["HR032"].acceptable, FINDINGS["HR030"].acceptable, FINDINGS["HR095"].acceptable
        (True, True, False)
        """
        return self.severity != "error" or self.settled_by_a_look

    def is_accepted(self, codes: Collection[str]) -> bool:
        """Gives whether a person who accepts these codes has settled it.

        Args:
            codes: that the person accepts.

        >>> FINDINGS["HR032"].is_accepted({"HR032"}), FINDINGS["HR095"].is_accepted({"HR095"})
        (True, False)
        """
        return self.acceptable and self.code in checked_list(codes, "codes", str)


# fmt: off
_ROWS: Final = (
    FindingType("AN001", "ignored-object", "warning", "If Flux v2 has ever applied the object, annotate the live one too before its manifest is removed."),
    FindingType("AN003", "ignore-value-unknown", "warning", "Write `kustomize.toolkit.fluxcd.io/reconcile: disabled` if it shall be ignored."),
    FindingType("AN004", "annotations-stay", "warning", "Remove them once nothing of what they say is wanted.", concern="left"),
    FindingType("AN005", "automated-value-unknown", "warning", "Write `\"true\"` before the migration if the images shall be updated."),
    FindingType("AN006", "automation-locked", "warning", "Nothing; remove the lock before the migration to have the images updated."),
    FindingType("AN007", "lock-without-automation", "info", "Nothing: the reason stands in a comment."),
    FindingType("AN008", "filter-without-automation", "info", "Nothing, unless the filters were meant to count: then automate the workload before the migration."),
    FindingType("AN009", "filter-of-unknown-container", "warning", "Correct the name of the container before the migration if the filter shall count."),
    FindingType("AN010", "annotations-conflict", "error", "Remove one of the two annotations, or give the policy of the container."),
    FindingType("AN011", "tag-all-in-a-file", "warning", "Write a filter for each container before the migration if one was meant: it never had an effect."),
    FindingType("AN012", "annotation-without-effect", "warning", "Nothing: fluxd never read it there."),
    FindingType("AN013", "annotation-misspelt", "warning", "Correct the name before the migration if it shall count: it never had an effect."),
    FindingType("AN014", "mark-of-fluxd-in-git", "warning", "Nothing: it belongs to live objects and is taken out."),
    FindingType("AN015", "image-field-missing", "error", "Correct the path, which begins below spec.values, or remove the annotation."),
    FindingType("AN016", "release-not-automated", "warning", "Convert the release to helm.fluxcd.io/v1 before the migration, or give the fluxd_version that ran, if its images shall be updated."),
    FindingType("AN017", "automation-begins", "warning", "Look at the policy: fluxd could not update this workload, and Flux v2 will."),
    FindingType("AN018", "annotation-is-no-text", "warning", "Quote the value: Kubernetes takes only text."),
    FindingType("AN019", "automated-without-image", "info", "Nothing: there is no image to update; write one into the values to have it updated."),
    FindingType("AN020", "cluster-addon", "warning", "Nothing: fluxd did not update it."),
    FindingType("AN021", "restraint-not-read", "error", "Write it as fluxd reads it if it shall count from now on, or accept the code: fluxd updated the images without it, and so would Flux v2.", True, holds_back=False),
    FindingType("DA015", "namespace-not-written", "error", "Write metadata.namespace, or set the option write_missing_namespaces: kustomize-controller adds none. Accept the code where something else does.", True, concern="cluster"),
    FindingType("DA020", "not-buildable", "error", "Move the files out of the sync path, or add the proposed kustomization to it."),
    FindingType("DA022", "flux-1-itself", "error", "Remove it from Git, or scale it to 0 there, before the cut-over, and accept the code.", True),
    FindingType("DA024", "kustomize-refuses", "error", "Correct the manifest: fluxd applied it, kustomize cannot read it."),
    FindingType("DA026", "sync-path-without-files", "warning", "Give its files too, or take the path out of fluxd's settings.", concern="assumed"),
    FindingType("DA027", "fluxd-of-another-repository", "warning", "Migrate that repository first, or keep this fluxd running until it is migrated.", concern="left"),
    FindingType("DA028", "settings-from-a-text", "warning", "Compare them with the cluster's own fluxd, and give clusters as they run.", concern="assumed"),
    FindingType("DA029", "texts-contradict", "error", "Give clusters with the sync_paths and the branch that fluxd runs with."),
    FindingType("DA030", "flux-yaml-was-not-read", "warning", "Give manifest_generation of the cluster's fluxd if it was on after all.", concern="assumed"),
    FindingType("DA031", "command-printed-fewer-files", "warning", "List the files that the command printed in a kustomization of the path, or move the others away.", concern="runs"),
    FindingType("DA032", "command-decrypts", "error", "Let Flux v2 decrypt: give its Kustomization spec.decryption with provider sops, list the encrypted files in the kustomization, and take them out of the command."),
    FindingType("DA033", "command-replaces-variables", "error", "Write the values down; spec.postBuild of the Kustomization does the same, but blanks every other ${variable} in the path, those of scripts too."),
    FindingType("DA034", "fluxd-version-unknown", "error", "Give the fluxd_version of the cluster: up to 1.18 the images of the release are updated as before, from 1.19 on they never were."),
    FindingType("DA035", "repository-of-fluxd-unknown", "error", "Give the git_url of the cluster's fluxd; the others stay, as they sync another repository."),
    FindingType("DA036", "paths-of-fluxd-in-doubt", "warning", "Give clusters with the sync_paths that the cluster's fluxd runs with; where they are those of its manifest, keep one of both definitions.", concern="assumed"),
    FindingType("DA037", "sync-paths-overlap", "warning", "Give the clusters with the sync_paths that are meant, if both are not."),
    FindingType("DA038", "outside-of-allowed-namespaces", "error", "Move the objects out of the sync path, write `kustomize.toolkit.fluxcd.io/reconcile: disabled` into them, or accept the code if they shall run.", True, holds_back=False, concern="cluster"),
    FindingType("DA045", "repository-url-unknown", "warning", "Give fluxd.git_url of the cluster, or create the GitRepository as the runbook says."),
    FindingType("DA046", "signatures-of-the-head-only", "warning", "Put the public keys of those who commit into the Secret that the GitRepository names."),
    FindingType("DA047", "git-secret-unsupported", "error", "Encrypt the files with sops, or seal the Secrets; accept the code when it is done.", True, False),
    FindingType("DA048", "decryption-keys-needed", "warning", "Create the Secret with the keys: `*.asc` of PGP, or `*.agekey`."),
    FindingType("DA049", "commits-were-signed", "warning", "Create the Secret with the key, and name it in the automation, if signatures are wanted."),
    FindingType("DA050", "namespaces-were-limited", "warning", "Give the Kustomization a service account that has access to these namespaces only."),
    FindingType("DA051", "reports-to-a-service", "warning", "Write a Provider and an Alert for what people looked at."),
    FindingType("DA052", "settings-that-hold-access", "warning", "Look at what they hold, and give it to the controllers of Flux v2 that need it."),
    FindingType("DA053", "setting-unknown", "warning", "Check whether the setting matters, and do in Flux v2 what it did."),
    FindingType("DA054", "registry-access-of-fluxd", "warning", "Give the ImageRepositories of those registries what fluxd had: a Secret, a certificate, or `insecure: true`."),
    FindingType("DA055", "operator-still-serves", "warning", "Migrate the releases that it serves, and then migrate again: it leaves with the last of them."),
    FindingType("DA056", "flux-1-leaves", "info", "Keep what migration.context.as_clusters() gives: a later run needs what these manifests said."),
    FindingType("DA057", "no-path-for-the-sync", "warning", "Create the objects as the runbook says, or give the cluster a path that only it applies."),
    FindingType("DA058", "patches-of-flux-yaml", "warning", "List them under `patches` of the kustomization that is built, one document a file."),
    FindingType("DA059", "updaters-of-flux-yaml", "warning", "Check that each image has a marker in a file that image automation updates."),
    FindingType("DA060", "definitions-stay", "warning", "Delete the definitions as the last step of the runbook says, and then take the file out of Git."),
    FindingType("DA061", "path-without-a-sync", "error", "Write a Kustomization of Flux v2 for the path, or give clusters without it if nothing of it is needed any more."),
    FindingType("DA062", "sync-is-suspended", "error", "Take out what keeps it from applying anything (`suspend: true`, or the annotation) with the migration, or accept the code if that is done in Git later.", True),
    FindingType("DA063", "sync-path-is-a-file", "error", "Put the file into a folder of its own, and give clusters with that folder as a sync path."),
    FindingType("DA065", "setting-filled-in", "warning", "Find out what the cluster's own program runs with, and give it as settings of the cluster.", concern="assumed"),
    FindingType("DA066", "branch-filled-in", "error", "Give the branch of the cluster in clusters, and migrate again.", concern="cluster"),
    FindingType("HR002", "chart-path-from-operator-flags", "error", "Give helm_operator with the git_url, git_branch and git_charts_path of the operator's flags."),
    FindingType("HR003", "field-unknown", "warning", "Nothing, unless what the field was meant for is still wanted: then set the right field after the migration."),
    FindingType("HR014", "release-name-too-long", "error", "Write the name that `helm list -A` shows into spec.releaseName."),
    FindingType("HR015", "namespace-missing", "error", "Write metadata.namespace into the manifest, give default_namespace, or accept the code if something outside of the repository sets the namespace.", True, False),
    FindingType("HR016", "resource-name-too-long", "error", "Rename the resource and keep spec.releaseName: Flux v2 uses its name as a label."),
    FindingType("HR017", "namespace-decides-name", "error", "Write metadata.namespace into the manifest, or give default_namespace: the release name holds it."),
    FindingType("HR030", "helm-2", "error", "Convert the release to Helm 3 first (helm 2to3), and accept the code once that is done.", True),
    FindingType("HR032", "helm-version-unknown", "error", "Give the operator's helm_versions, once `helm list -A` of Helm 3 shows the releases; else convert them first (helm 2to3).", True, holds_back=False, concern="merge"),
    FindingType("HR041", "chart-version-missing", "error", "Write the version that runs into chart.version: Flux v2 would take the newest one."),
    FindingType("HR042", "version-is-a-range", "warning", "Pin the version, unless every new chart of the range shall be installed at once."),
    FindingType("HR043", "repository-scheme-unsupported", "error", "Serve the charts from a URL that Flux v2 can fetch, and write it into the manifest: https or oci for chart.repository, https or ssh for chart.git."),
    FindingType("HR044", "repository-url-with-extras", "warning", "Move user and password into a Secret of the source.", concern="first"),
    FindingType("HR045", "repository-retired", "warning", "Take the charts from their archive, or better from the new home of each."),
    FindingType("HR046", "repository-secret-needed", "warning", "Create the Secret with what the operator's repositories.yaml has for the repository.", concern="first"),
    FindingType("HR047", "chart-pull-secret", "warning", "Nothing: the helm-operator ignored it."),
    FindingType("HR048", "chart-name-refused", "error", "Have the chart renamed, in lower case and without `_`, and write that name into chart.name."),
    FindingType("HR049", "certificate-was-not-checked", "error", "Put the certificate of its authority into the Secret as ca.crt, and accept the code.", True),
    FindingType("HR052", "ref-ambiguous", "warning", "Check what each ref is; say ref_kind in an answer where it is something else."),
    FindingType("HR053", "ref-is-an-expression", "error", "Write the full commit into chart.ref; say ref_kind in an answer where it is a branch or tag."),
    FindingType("HR054", "ssh-key-needed", "warning", "Create a Secret with identity and known_hosts in the source's namespace.", concern="first"),
    FindingType("HR056", "secret-in-other-namespace", "warning", "Copy the Secret into the source's namespace.", concern="first"),
    FindingType("HR057", "git-secret-was-ignored", "warning", "Nothing: the helm-operator used the Secret for https only."),
    FindingType("HR058", "dependencies-are-fetched", "warning", "Vendor the chart's dependencies: Flux v2 fetches those that are missing."),
    FindingType("HR059", "every-commit-upgrades", "warning", "Pin the ref, or bump the chart's version and set reconcileStrategy: ChartVersion."),
    FindingType("HR060", "git-and-repository", "warning", "Nothing if the chart from git is meant: the helm-operator took it."),
    FindingType("HR061", "no-chart-source", "error", "Complete the chart, or remove the file if nothing is patched with it."),
    FindingType("HR062", "chart-version-gains-commit", "warning", "Look for charts that put .Chart.Version into labels without replacing `+`."),
    FindingType("HR063", "dependency-of-an-alias", "error", "Write the URL of the repository into the chart's dependency, or vendor the dependency."),
    FindingType("HR064", "only-new-versions-upgrade", "warning", "Raise the version in Chart.yaml with every change of the chart."),
    FindingType("HR068", "timeout-negative", "error", "Give a timeout in seconds that is positive."),
    FindingType("HR069", "timeout-unusable", "warning", "Give a timeout: zero meant none to the helm-operator and means at once to Flux v2."),
    FindingType("HR074", "force-recreates", "warning", "Remove upgrade.force unless resources must be replaced."),
    FindingType("HR075", "values-are-reused", "warning", "Write all values down and remove upgrade.preserveValues."),
    FindingType("HR079", "validation-off-in-upgrades", "info", "Remove upgrade.disableOpenAPIValidation where upgrades shall be checked as before."),
    FindingType("HR080", "failed-installs-are-uninstalled", "warning", "Remove install.remediation, unless the release certainly does not exist yet."),
    FindingType("HR081", "first-upgrade-cannot-roll-back", "warning", "Migrate with suspend_releases, and resume one release after the other, each after a review."),
    FindingType("HR083", "rollback-recreate-ignored", "warning", "Nothing: Flux 2.8 and later restart no pods at a rollback."),
    FindingType("HR084", "rollback-force-ignored", "warning", "Nothing: it had no effect."),
    FindingType("HR092", "values-in-other-namespace", "error", "Copy the object into the release's namespace, and name it there."),
    FindingType("HR093", "optional-values-must-be-valid", "info", "Make sure that optional values are valid YAML wherever they are."),
    FindingType("HR094", "values-key-refused", "error", "Rename the key in the object and in the release."),
    FindingType("HR095", "values-from-url", "error", "Commit the values as a ConfigMap or write them into spec.values."),
    FindingType("HR096", "values-from-chart-file", "error", "Copy the file's values into spec.values, or give chart.spec.valuesFiles by hand."),
    FindingType("HR097", "values-file-loses-precedence", "warning", "Compare the values: a file of the chart is now below every other source of values."),
    FindingType("HR098", "values-file-of-repository-chart", "warning", "Nothing: the helm-operator could not read files of a chart from a Helm repository."),
    FindingType("HR099", "optional-values-file", "error", "Migrate for Flux 2.3 or later, or make the file one that must exist."),
    FindingType("HR100", "values-file-must-exist", "warning", "Remove `values.yaml` from valuesFiles where the chart has none."),
    FindingType("HR101", "values-source-unusable", "warning", "Nothing: the helm-operator read the entry in the same way."),
    FindingType("HR102", "optional-values-from-url", "warning", "Commit the values as a ConfigMap or write them into spec.values, if they are in use."),
    FindingType("HR110", "helm-2-conversion-annotation", "warning", "Make sure that the conversion from Helm 2 is finished."),
    FindingType("HR112", "values-hold-variables", "warning", "Set no postBuild on the Kustomization, or write `$${` for what must stay."),
    FindingType("HR113", "same-release-twice", "error", "Remove one of the two: both stand for one Helm release."),
    FindingType("HR114", "chart-name-taken-twice", "error", "Rename one of the two: both make the HelmChart of one name."),
    FindingType("HR117", "defaults-of-flux-2", "warning", "Read what changes, or migrate with defaults=\"keep\"."),
    FindingType("HR118", "behaves-as-flux-2", "info", "Nothing, unless somebody relies on what the helm-operator did."),
    FindingType("HR119", "namespace-was-not-allowed", "warning", "Remove the release, or resume it if it shall run from now on."),
    FindingType("HR120", "source-name-taken", "error", "Give another source_name in the answer."),
    FindingType("HR121", "timeout-beyond-go", "error", "Write the seconds that are meant into the field; a few hours are long."),
    FindingType("HR124", "live-fields-in-git", "info", "Nothing: they belong to the object of Flux v1 in its cluster."),
    FindingType("HR125", "status-names-another-release", "error", "Give the name that `helm list -A` shows as release_name of the answer, or remove the status from the file.", concern="merge"),
    FindingType("HR130", "reference-refused", "warning", "Correct the name or remove the reference: Kubernetes has no object of that name."),
    FindingType("HR131", "name-follows-from-elsewhere", "warning", "Compare the names with `helm list -A -a -m 0`, or write spec.releaseName."),
    FindingType("HR135", "helm-3-was-off", "warning", "Remove the release, or resume it if it shall run from now on; give the operator's helm_versions if Helm 3 was on."),
    FindingType("IM003", "version-of-few-parts", "warning", "Nothing for tags of this kind; Flux v2 does not see tags with another number of parts beside them."),
    FindingType("IM004", "tag-pattern-invalid", "warning", "Check that the range or filter says what was meant: fluxd ignored it."),
    FindingType("IM005", "tag-order-unknown", "error", "Give the answer to hold the tag that runs; or give tags a part that grows, as in `branch-sha-timestamp`, and write the policy for it."),
    FindingType("IM006", "moving-tag", "warning", "Set digestReflectionPolicy: Always with an interval (Flux 2.6 and later) to follow the tag."),
    FindingType("IM007", "digest-pinned", "warning", "Nothing; give a policy to have the image updated by its tags."),
    FindingType("IM008", "image-not-scanned", "warning", "Nothing; give a policy to have the image updated all the same."),
    FindingType("IM009", "pull-secret-elsewhere", "warning", "Copy the Secret before the cut-over, and again when it changes.", concern="first"),
    FindingType("IM010", "credentials-of-the-cloud", "warning", "Give the image-reflector-controller access, or remove the provider of a public image.", concern="first"),
    FindingType("IM011", "no-marker-possible", "error", "Write the image where the updater sees it: behind a key of its own, in a file that it reads."),
    FindingType("IM012", "tag-in-a-kustomization", "warning", "Check whether other workloads of the kustomization have the image and another filter: the updater writes one tag for all that it builds."),
    FindingType("IM013", "tag-is-a-number", "warning", "Quote the tag, and give the policy: fluxd took the image for one without a tag."),
    FindingType("IM014", "registry-apart-from-path-and-tag", "error", "Give the tag a field of its own, as the chart allows."),
    FindingType("IM015", "filter-excludes-the-tag", "warning", "Give the policy: nothing moves until then."),
    FindingType("IM016", "field-with-two-policies", "error", "Give the clusters one policy, or each its own field in a patch."),
    FindingType("IM017", "image-without-tag", "warning", "Give the image a tag."),
    FindingType("IM019", "range-rewritten", "warning", "Compare the two ranges: the library of this Flux release reads the first one differently."),
    FindingType("IM020", "outside-the-update-path", "error", "Widen spec.update.path of the automation, or give the folder its own."),
    FindingType("IM024", "image-read-across-namespaces", "warning", "Leave cross-namespace references on, or set cross_namespace_refs=False.", concern="first"),
    FindingType("IM025", "image-unreadable", "warning", "Correct the image: fluxd updated no image of this workload."),
    FindingType("IM026", "several-pull-secrets", "warning", "Name the Secret that holds the registry of the image."),
    FindingType("IM027", "pull-secret-form", "error", "Make a Secret of the type kubernetes.io/dockerconfigjson of it."),
    FindingType("IM028", "registry-read-differently", "warning", "Write the registry in full; give a policy to have the image updated."),
    FindingType("IM029", "image-name-refused", "error", "Give the image a name of two characters or more behind its registry, all in lower case."),
    FindingType("IM030", "image-respelled", "info", "Nothing: both are one image; write it in one way to keep it."),
    FindingType("IM031", "policy-refused", "error", "Correct the policy of the answer."),
    FindingType("IM032", "image-automation-needs", "info", "Install both controllers, and give the key of the GitRepository write access.", concern="first"),
    FindingType("IM033", "order-not-proved", "warning", "Check whether the tags are in that order, or give their build times in image_tags."),
    FindingType("IM034", "marked-already", "error", "Compare the policy of that marker with the annotations, and remove one of the two; accept the code if the marker shall stay as it is.", True, holds_back=False),
    FindingType("IM035", "existing-object-holds-still", "error", "Resume the object, or label the policy as the automation wants it."),
    FindingType("IM036", "merge-key-rewritten", "info", "Nothing; write the values out to have the file stay as it is."),
    FindingType("IM040", "pull-secret-refused", "warning", "Correct the name or remove it: Kubernetes has no Secret of that name."),
    FindingType("IM041", "images-outside-of-scope", "error", "Migrate the workloads too, keep fluxd running for them, or accept the code if their images may stay as they are until then.", True, holds_back=False, concern="images"),
    FindingType("IN001", "release-name-contradicted", "error", "Give the name that the cluster has as release_name in an answer, or write it into spec.releaseName; accept the code where a new release is meant.", True, concern="merge"),
    FindingType("IN002", "storage-namespace-contradicted", "error", "Give the namespace that the cluster has as storage_namespace in an answer; accept the code where a new release is meant.", True, concern="merge"),
    FindingType("IN003", "cluster-says-helm-2", "error", "Convert the release to Helm 3 first (helm 2to3), and read the inventory again; accept the code if the object in the cluster is older than the conversion.", True),
    FindingType("IN004", "release-not-in-cluster", "warning", "Look for the release with `helm list -A -a -m 0`, and accept the code if it shall be installed.", concern="first"),
    FindingType("IN005", "record-cannot-be-healed", "error", "Repair the record with Helm before the cut-over (roll back, or uninstall for good), and read the inventory again.", True, holds_back=False, concern="merge"),
    FindingType("IN006", "record-not-deployed", "warning", "Find out what the last upgrade was about, before Flux v2 makes the next one."),
    FindingType("IN007", "chart-is-another", "error", "Let the cluster catch up before the cut-over, or accept the code if the first reconciliation shall change it.", True, holds_back=False, concern="merge"),
    FindingType("IN008", "namespace-not-in-cluster", "error", "Check whether the inventory is of this cluster; if it is, create the namespace, write it into the repository, or accept the code if it is created before the cut-over.", True, holds_back=False, concern="merge"),
    FindingType("IN009", "inventory-of-which-cluster", "error", "Give the clusters, each with its own inventory.", concern="merge"),
    FindingType("IN010", "running-image-is-another", "error", "Write the image that runs into the repository, or accept the code if the first reconciliation shall change it.", True, holds_back=False, concern="merge"),
    FindingType("RP001", "template", "error", "Migrate the chart's template by hand, as the releases beside it are, or remove it."),
    FindingType("RP002", "not-text", "error", "Decrypt the file, or store it as UTF-8."),
    FindingType("RP003", "invalid-yaml", "error", "Correct the file: kustomize-controller applies nothing of a sync path in which it cannot read a file.", concern="cluster"),
    FindingType("RP004", "held-back-together", "error", "Change the place that is named so that Flux v2 can follow it, or migrate all that hangs together by hand."),
    FindingType("RP005", "text-cannot-be-edited", "error", "Write the release in plain block style."),
    FindingType("RP006", "invalid-field", "error", "Correct the field, or take the file out of the sync path: the API server refuses the object, and kustomize-controller applies nothing of the path with it.", concern="cluster"),
    FindingType("RP007", "twin-exists", "error", "Compare the two, above all the release name; correct the new one, or accept the code, which removes the old one.", True),
    FindingType("RP008", "in-a-list", "error", "Write the object as a document of its own."),
    FindingType("RP009", "sync-path-inferred", "info", "Give sync_roots if the sources belong elsewhere.", concern="assumed"),
    FindingType("RP010", "override-matches-nothing", "error", "Correct the patterns of the answer, or remove it.", concern="merge"),
    FindingType("RP011", "encrypted", "error", "Decrypt the file with sops, migrate it, and encrypt it again."),
    FindingType("RP012", "not-synced", "warning", "Add its folder to sync_roots if a cluster runs it.", concern="left"),
    FindingType("RP013", "flux-release-contradicted", "error", "Give the flux_version that will run, and migrate the v2 objects that it does not serve.", concern="cluster"),
    FindingType("RP014", "no-place", "error", "Give the cluster one more sync path, a folder whose kustomization changes nothing, or one that is not there yet.", concern="cluster"),
    FindingType("RP015", "left-out-by-kustomization", "error", "List the files in a kustomization of the sync path, as proposed, or accept the code if they are left out on purpose.", True, concern="cluster"),
    FindingType("RP016", "defined-twice", "error", "Keep one of them: neither Flux can apply both.", concern="cluster"),
    FindingType("RP017", "clusters-unknown", "warning", "Give clusters with their sync paths, or accept the code if each is a cluster of its own.", concern="assumed"),
    FindingType("RP018", "generator-unknown", "error", "Commit what the command gives, or replace it by a kustomization, and take the .flux.yaml away.", concern="cluster"),
    FindingType("RP019", "build-fails", "error", "Make the kustomization build first.", concern="cluster"),
    FindingType("RP020", "clusters-disagree", "error", "Give each cluster a manifest, or a kustomization, of its own.", concern="cluster"),
    FindingType("RP021", "scope-matches-nothing", "warning", "Correct the pattern of the scope, or remove it.", concern="left"),
    FindingType("RP022", "made-by-kustomization", "error", "Take the kustomization out of the sync path, let it only list what fluxd applied, or accept the code if what it makes shall run.", True, concern="cluster"),
    FindingType("RP023", "variables-replaced", "warning", "Check whether names, namespaces and charts mean the same with the variables that postBuild has."),
    FindingType("RP024", "left-out-of-artifact", "error", "Move the files, write a .sourceignore that keeps them, take the annotation away, or accept the code if they are left out on purpose.", True, concern="cluster"),
    FindingType("RP025", "scalar-written-as-read", "info", "Nothing: both Fluxes read these values as Flux v1 did."),
    FindingType("RP026", "scalar-refused", "error", "Write the values as Flux v1 read them (true, false, or in quotes), or give write_what_flux1_read=\"all\"."),
    FindingType("RP027", "scalar-read-otherwise", "warning", "Write the values as Flux v1 read them (true, false, or in quotes), or give write_what_flux1_read=\"all\"."),
    FindingType("RP028", "value-read-otherwise", "warning", "Write the values as Flux v1 read them (true, false, or in quotes), or leave write_what_flux1_read at \"releases\"."),
    FindingType("RP029", "release-of-a-base-elsewhere", "error", "Migrate the repository of the base first, refer to what it is then, and write the patch for its release of Flux v2; accept the code if the release shall stay as it is.", True),
    FindingType("RP035", "left-in-v1-form", "error", "Add its folder to sync_roots, or list it in a kustomization, if a cluster runs it; else remove the file, or say that it shall be left."),
    FindingType("RP036", "flux-1-in-templates", "warning", "Change the templates and programs by hand: what they make would still be of Flux v1.", concern="left"),
    FindingType("RP037", "flux-1-in-json", "warning", "Write the objects as YAML if they shall be migrated; else change or remove them by hand.", concern="left"),
    FindingType("RP038", "flux-1-inside-texts", "warning", "Change them by hand: whoever applies them still makes objects of Flux v1.", concern="left"),
    FindingType("RP039", "flux-1-in-comments", "info", "Nothing; migrate what is in comments by hand before anybody puts it back.", concern="left"),
    FindingType("RP040", "api-misspelt", "error", "Correct apiVersion and kind if the release shall run, remove it if not, or accept the code: fluxd applied nothing of it.", True),
    FindingType("RP041", "git-url-unknown", "error", "Give the git_url of the cluster's fluxd, or commit the GitRepository that syncs it.", concern="cluster"),
    FindingType("RP042", "written-object-refused", "error", "Correct the field that it comes from: the API server refuses the object, and with it all that is applied.", concern="cluster"),
    FindingType("RP043", "names-group-of-flux-1", "warning", "Add helm.toolkit.fluxcd.io beside the group that they name, and take the old one out with Flux v1.", concern="left"),
    FindingType("RP050", "prunes-flux-1", "error", "Suspend it, set `prune: false` in it, stop the helm-operator, and only then merge; or accept the code once that is done.", True, concern="merge"),
    FindingType("RP051", "folder-not-synced", "warning", "Add the folder to the sync paths if a cluster applies it, or remove it.", concern="left"),
    FindingType("RP052", "named-folder-not-synced", "error", "Give clusters with all of their sync paths, this one too, or accept the code if nothing applies the folder any more.", True, concern="cluster"),
    FindingType("RP053", "release-not-applied", "error", "List its file in the kustomization, take the file out of what is ignored, or remove the annotation that is named; accept the code if something else applies it.", True, concern="cluster"),
    FindingType("RP054", "created-not-applied", "error", "List the file in the kustomization, take it out of what is ignored, or accept the code if something else applies it.", True, concern="cluster"),
    FindingType("RP055", "reference-not-applied", "error", "Put the object into a folder that the cluster syncs, or accept the code if something else applies it.", True, concern="cluster"),
    FindingType("RP056", "release-renamed", "error", "Take out what renames the release, so that it keeps the name under which it runs; accept the code if the new name is the one that runs.", True, concern="cluster"),
    FindingType("RP057", "build-breaks", "error", "Correct or remove what the finding names, or give the clusters with all of their sync paths, and migrate again.", concern="cluster"),
    FindingType("RP058", "held-back-by-annotation", "error", "Remove the annotation, or write `fluxcd.io/ignore: \"true\"` beside it if nobody shall apply the object.", concern="cluster"),
    FindingType("RP060", "values-of-a-file", "warning", "Edit the values of the release, or the ConfigMap, from now on, and remove the file if nothing else reads it."),
    FindingType("RP061", "flux-2-too-old", "error", "Upgrade Flux to 2.0 or later first, and commit its gotk-components.", concern="cluster"),
    FindingType("RP062", "both-fluxes-sync", "warning", "Stop fluxd before the merge, and look first whether the Kustomization prunes.", concern="first"),
    FindingType("RP063", "placeholder", "error", "Migrate what the placeholders become, or write the values down; a branch with such a name can be written as refs/heads/<name>.", concern="cluster"),
    FindingType("RP070", "patch-for-nothing", "warning", "Remove the file, or list it as a patch of what it was meant for.", concern="left"),
    FindingType("RP071", "patches-of-fluxd-left", "error", "Write what the file says into what it patches, make commandUpdated without a patchFile of patchUpdated in .flux.yaml, and migrate again."),
    FindingType("RP072", "patch-overrules-images", "warning", "Nothing: what ran is what the kustomization says now."),
    FindingType("RP073", "kustomization-applies-nothing", "error", "Correct what it puts over its path, until `flux build kustomization` shows what it applies.", concern="cluster"),
    FindingType("RP074", "waits-for-flux-1", "error", "Name helm.toolkit.fluxcd.io/v2 and HelmRelease in the health check, or take the check out.", concern="cluster"),
    FindingType("RP077", "reached-by-other-patches", "error", "Give the patch a target that leaves the release out, or accept the code if it shall reach it from now on.", True, concern="cluster"),
    FindingType("RP080", "synced-otherwise", "error", "Let it do with the path what fluxd did, give the branch of the cluster, or accept the code if this is meant.", True, concern="cluster"),
    FindingType("RP084", "encrypted-and-not-decrypted", "error", "Write spec.decryption into the Kustomization, give sops of the cluster's fluxd if it decrypted the files, take them out of the sync path, or accept the code if they will be decrypted.", True, concern="cluster"),
    FindingType("RP085", "paths-filled-in", "error", "Give clusters with the sync_paths that the cluster's fluxd runs with, and migrate again.", concern="cluster"),
    FindingType("RP086", "updates-pushed-elsewhere", "error", "Let the automation push to the branch that the cluster follows, or accept the code if somebody brings the updates there.", True, holds_back=False, concern="images"),
    FindingType("RP087", "removed-api", "warning", "Write it with an API that the cluster serves, or take it out of the sync path, before the merge; `kubectl convert` knows most.", concern="cluster"),
    FindingType("RP088", "ignored-outside-of-scope", "error", "Migrate the object too, write the annotation of Flux v2 that is named into it, or accept the code if Flux v2 may do so.", True, holds_back=False, concern="cluster"),
)
# fmt: on

FINDINGS: Final = MappingProxyType({row.code: row for row in _ROWS})
"""Every code with its type; its page is `docs/findings/<code>.md`."""
