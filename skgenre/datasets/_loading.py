def load_tracks(x):
    pass
