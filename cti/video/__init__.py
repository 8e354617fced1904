"""Citizens' visits by the page /video: who is let in, what he may do, and what he and his agent write to each other."""
