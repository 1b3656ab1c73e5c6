"""The live half of the event log: following a topic, and telling other processes that something happened."""
