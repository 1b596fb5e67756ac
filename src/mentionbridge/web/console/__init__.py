"""The team's pages: plain server-made HTML, by keyboard or phone, without JavaScript too."""
