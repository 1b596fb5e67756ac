"""What the whole suite shares."""

from hypothesis import HealthCheck, settings

from fakes.compiled_once import compile_once

# How long an example takes says how busy the machine is: two workers share it with each other's databases.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
compile_once()
