"""The Testhide client, part by part."""
