"""Settings for a server under test: nothing of the environment or of a developer's .env gets in."""

from pathlib import Path

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from services.rates import Rate
from services.settings import Settings

SECRET_KEY = "a secret key that is only for tests, and long enough"


class Given(Settings):
    """Settings that come from their arguments alone."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def settings_for(database_url: str, data_dir: Path, **changes: object) -> Settings:
    """Throttles off and replies unpaced, unless changed."""
    values: dict[str, object] = {
        "environment": "test",
        "data_dir": data_dir,
        "db_url": database_url,
        "db_pool_size": 10,
        "secret_key": SECRET_KEY,
        "rate_limit_enabled": False,
        "rate_limit_auth": Rate(10, 60),
        "rate_limit_conversations": Rate(20, 60),
        "extractive_pace_seconds": 0,
        "youtube_origin": "http://127.0.0.1:9",
        "log_level": "WARNING",
        "shutdown_seconds": 2,
    }
    return Given.model_validate(values | changes)
