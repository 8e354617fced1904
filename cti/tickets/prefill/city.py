"""What one city reads requests with: its form, places, rules, words and classifier. Made once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cti.tickets.form import Form
from cti.tickets.prefill.addresses import Addresses
from cti.tickets.prefill.classifier import SHIPPED_WEIGHTS, Classifier, load_classifier
from cti.tickets.prefill.gazetteer import Gazetteer
from cti.tickets.prefill.judging import Judge
from cti.tickets.prefill.lexicon import SHIPPED_LEXICON, SHIPPED_RULES, Lexicon, Rules, load_lexicon, load_rules
from cti.tickets.prefill.people import Names
from cti.tickets.prefill.targets import Targets


@dataclass(frozen=True, slots=True)
class City:
    form: Form
    gazetteer: Gazetteer
    rules: Rules
    lexicon: Lexicon
    judge: Judge
    names: Names
    addresses: Addresses
    targets: Targets


def make_city(form: Form, rules: Rules, lexicon: Lexicon, classifier: Classifier) -> City:
    """Codes of rules and classifier that the form does not have are left out: a city's form need not be like ours."""
    fitting = rules.fitting(form)
    return City(
        form,
        Gazetteer.of(form),
        fitting,
        lexicon,
        Judge(fitting, classifier.knowing(lambda field, code: form.choice(field, code) is not None)),
        Names(lexicon.name),
        Addresses(lexicon.place),
        Targets(lexicon.target),
    )


def load_city(
    form: Form, rules: Path = SHIPPED_RULES, lexicon: Path = SHIPPED_LEXICON, weights: Path = SHIPPED_WEIGHTS
) -> City:
    """RulesError, WeightsError: a file cannot be used, or names a code that the form does not have."""
    read = load_rules(rules)
    read.check(form, rules)
    return make_city(form, read, load_lexicon(lexicon), load_classifier(weights))
