"""The tour: every page of the console on lively data, looked at by people and measured by tests."""
