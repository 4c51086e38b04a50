"""What a release means, with every effective value, whichever Flux runs it; and what differs.

Nothing here knows the rules that migrate: both sides are read for what their controllers do with them.
"""

from fluxv2_migrate.meaning.comparison import (
    OUTCOMES,
    Difference,
    Outcome,
    compare_meanings,
    outcome_in_the_cluster,
)
from fluxv2_migrate.meaning.flux1_release import RunningOperator, meaning_of_v1_release
from fluxv2_migrate.meaning.flux2_reading import SourceKey
from fluxv2_migrate.meaning.flux2_release import meaning_of_v2_release
from fluxv2_migrate.meaning.release import (
    ChartMeaning,
    GitReference,
    ReleaseMeaning,
    Remediation,
    ValuesSource,
)
