"""The process's settings: flags and environment (`LPL_...`)."""

import json
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from store.errors import StoreError

SECRETS = ("admin_key", "database_url", "broker_url")


class Settings(BaseSettings):
    """Settings of every process of the service; `lpl settings` lists them."""

    model_config = SettingsConfigDict(env_prefix="LPL_", extra="ignore", env_ignore_empty=True)

    host: str = Field("127.0.0.1", description="address the API listens on; any but loopback needs an API key")
    port: int = Field(8000, ge=0, le=65535, description="port of the API; 0 takes a free one")
    data_dir: Path = Field(Path("lpl-data"), description="data sets, the embedded database, scratch files")
    database_url: str | None = Field(None, description="SQLAlchemy URL; empty: SQLite in the data directory")
    broker_url: str | None = Field(None, description="Redis URL of Celery's broker; empty: bundled (serve) or none")
    lease_seconds: float = Field(60.0, gt=0, le=86_400, description="how long a silent worker keeps its run")
    sweep_seconds: float = Field(10.0, gt=0, le=3_600, description="how often expired leases are looked for")
    poll_seconds: float = Field(20.0, gt=0, le=3_600, description="how often a worker asks the database unasked")
    grace_seconds: float = Field(30.0, ge=0, le=3_600, description="time a trainer has to write its last checkpoint")
    max_runs_per_job: int = Field(10_000, ge=1, le=1_000_000, description="largest number of runs in one job")
    max_queued_runs: int = Field(20_000, ge=1, description="runs of one API key that may wait or be paused at once")
    requests_per_minute: int = Field(1_200, ge=0, description="requests of one API key a minute; 0 for no limit")
    audit_days: float = Field(90.0, gt=0, le=36_500, description="how long the audit log is kept")
    max_body_bytes: int = Field(4_000_000, ge=1_000, description="largest JSON body of a request")
    body_seconds: float = Field(
        30.0, gt=0, le=3_600, description="time a request's head and its body each have to arrive"
    )
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="host names accepted beside loopback: a.example,b.example or a JSON list"
    )
    admin_key: SecretStr | None = Field(None, description="first API key, with all scopes")
    admin_key_file: Path | None = Field(None, description="file that holds the first API key")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error")

    @field_validator("host")
    @classmethod
    def _without_brackets(cls, host: str) -> str:
        """`[::1]`, as URLs write it, is the address `::1`."""
        return host[1:-1] if host.startswith("[") and host.endswith("]") else host

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        """Names from the environment, with commas between them or as a JSON list."""
        if not isinstance(given, str):
            return given
        if not given.lstrip().startswith("["):
            return [name.strip() for name in given.split(",") if name.strip()]
        try:
            return json.loads(given)
        except ValueError:
            raise ValueError('give names with commas between them, or a JSON list: ["a.example"]') from None

    @model_validator(mode="after")
    def _absolute_data_dir(self) -> Self:
        self.data_dir = self.data_dir.expanduser().absolute()
        return self

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'lpl.sqlite3'}"

    @property
    def datasets_dir(self) -> Path:
        """Where data sets lie."""
        return self.data_dir / "datasets"

    def first_key(self) -> str | None:
        """The first API key, from the environment or its file.

        Raises:
            StoreError: the file cannot be read.
        """
        if self.admin_key is not None:
            return self.admin_key.get_secret_value().strip() or None
        if self.admin_key_file is None:
            return None
        remedy = "put the key alone into it, one line of ASCII text"
        try:
            return self.admin_key_file.read_text(encoding="utf-8").strip() or None
        except UnicodeDecodeError as error:
            raise StoreError(f"LPL_ADMIN_KEY_FILE: {self.admin_key_file} is not UTF-8 text; {remedy}") from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StoreError(f"LPL_ADMIN_KEY_FILE: {self.admin_key_file} cannot be read: {reason}; {remedy}") from error
