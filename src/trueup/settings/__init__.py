"""Typed settings from one trueup.toml and the environment. Nothing is guessed, no secret is written down, a Secret never prints."""

from trueup.settings.load import load_foundation, load_settings, template
from trueup.settings.model import (
    AccountSettings,
    AgreementSettings,
    ArchiveSettings,
    FolderSettings,
    Foundation,
    InstallationSettings,
    PersonSettings,
    Settings,
    ShopSettings,
    SimulationSettings,
)
from trueup.settings.worker import WorkerSettings

__all__ = [
    "AccountSettings",
    "AgreementSettings",
    "ArchiveSettings",
    "FolderSettings",
    "Foundation",
    "InstallationSettings",
    "PersonSettings",
    "Settings",
    "ShopSettings",
    "SimulationSettings",
    "WorkerSettings",
    "load_foundation",
    "load_settings",
    "template",
]
