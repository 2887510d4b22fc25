# SPDX-License-Identifier: Apache-2.0
"""Synchronization under an exported Entra Connect configuration (see the README beside this)."""
