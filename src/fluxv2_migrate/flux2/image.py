"""Image automation: image-reflector-controller and image-automation-controller.

Source: image-reflector-controller 1.2.0 and image-automation-controller 1.2.0 `api/v1`; 0.9 for v1alpha1.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictStr, StringConstraints

from fluxv2_migrate.flux2.meta import AccessFrom, LabelSelector, LocalObjectReference, ObjectReference
from fluxv2_migrate.flux2.source import GitRepositoryRef
from fluxv2_migrate.kubernetes import JsonObject, KubernetesModel, KubernetesObject, Sequence, Texts

_ApiVersion = Annotated[StrictStr, StringConstraints(pattern=r"^image\.toolkit\.fluxcd\.io/v[a-z0-9]+$")]


class ImageRepositorySpec(KubernetesModel):
    """Which image is scanned for tags, and how."""

    image: StrictStr | None = None
    interval: StrictStr | None = None
    timeout: StrictStr | None = None
    secret_ref: LocalObjectReference | None = None
    service_account_name: StrictStr | None = None
    cert_secret_ref: LocalObjectReference | None = None
    proxy_secret_ref: LocalObjectReference | None = None
    provider: StrictStr | None = None
    insecure: StrictBool | None = None
    exclusion_list: Sequence[StrictStr] | None = None
    suspend: StrictBool | None = None
    access_from: AccessFrom | None = None


class ImageRepository(KubernetesObject):
    """An image of which the tags are known."""

    api_version: _ApiVersion
    kind: Literal["ImageRepository"]
    spec: ImageRepositorySpec = Field(default_factory=ImageRepositorySpec)
    status: JsonObject | None = None


class SemVerPolicy(KubernetesModel):
    """The highest version of a range."""

    range: StrictStr | None = None


class AlphabeticalPolicy(KubernetesModel):
    """The last tag of an alphabetical order."""

    order: StrictStr | None = None


class NumericalPolicy(KubernetesModel):
    """The last tag of a numerical order."""

    order: StrictStr | None = None


class ImagePolicyChoice(KubernetesModel):
    """What orders the tags; one of these."""

    semver: SemVerPolicy | None = None
    alphabetical: AlphabeticalPolicy | None = None
    numerical: NumericalPolicy | None = None


class TagFilter(KubernetesModel):
    """Which tags count, and what of them is compared."""

    pattern: StrictStr | None = None
    extract: StrictStr | None = None


class ImagePolicySpec(KubernetesModel):
    """Which tag of an image is the latest."""

    image_repository_ref: ObjectReference | None = None
    policy: ImagePolicyChoice | None = None
    filter_tags: TagFilter | None = None
    digest_reflection_policy: StrictStr | None = None
    interval: StrictStr | None = None
    suspend: StrictBool | None = None


class ImagePolicy(KubernetesObject):
    """A selection of one tag of an image."""

    api_version: _ApiVersion
    kind: Literal["ImagePolicy"]
    spec: ImagePolicySpec = Field(default_factory=ImagePolicySpec)
    status: JsonObject | None = None


class GitCheckoutSpec(KubernetesModel):
    """What of the git repository is updated."""

    ref: GitRepositoryRef | None = None
    git_repository_ref: LocalObjectReference | None = None
    branch: StrictStr | None = None


class CommitUser(KubernetesModel):
    """Who commits."""

    name: StrictStr | None = None
    email: StrictStr | None = None


class SigningKey(KubernetesModel):
    """The key that signs commits."""

    secret_ref: LocalObjectReference | None = None
    type: StrictStr | None = None


class CommitSpec(KubernetesModel):
    """How updates are committed."""

    author: CommitUser | None = None
    signing_key: SigningKey | None = None
    message_template: StrictStr | None = None
    message_template_values: Texts | None = None
    author_name: StrictStr | None = None
    author_email: StrictStr | None = None


class PushSpec(KubernetesModel):
    """Where commits are pushed to."""

    branch: StrictStr | None = None
    refspec: StrictStr | None = None
    options: Texts | None = None


class GitSpec(KubernetesModel):
    """How updates reach git."""

    checkout: GitCheckoutSpec | None = None
    commit: CommitSpec | None = None
    push: PushSpec | None = None


class UpdateStrategy(KubernetesModel):
    """How files are updated, and where."""

    strategy: StrictStr | None = None
    path: StrictStr | None = None


class ImageUpdateAutomationSpec(KubernetesModel):
    """What is updated in git; checkout, commit and push stood outside of `git` in v1alpha1."""

    source_ref: ObjectReference | None = None
    git: GitSpec | None = None
    interval: StrictStr | None = None
    policy_selector: LabelSelector | None = None
    update: UpdateStrategy | None = None
    suspend: StrictBool | None = None
    checkout: GitCheckoutSpec | None = None
    commit: CommitSpec | None = None
    push: PushSpec | None = None


class ImageUpdateAutomation(KubernetesObject):
    """Writes the latest tags into git."""

    api_version: _ApiVersion
    kind: Literal["ImageUpdateAutomation"]
    spec: ImageUpdateAutomationSpec = Field(default_factory=ImageUpdateAutomationSpec)
    status: JsonObject | None = None
