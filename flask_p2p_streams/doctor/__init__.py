"""What ``flask p2p doctor`` looks at: what is wrong with an app, and how to mend it."""
