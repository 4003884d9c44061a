<!doctype html>
<html lang="{{ app()->getLocale() }}">
<head>
    <meta charset="utf-8">
    <title>{{ $title ?? 'Demo' }} - rserverd</title>
    <style>
        body { font: 16px/1.5 sans-serif; max-width: 44em; margin: 2em auto; padding: 0 1em; }
        nav a { margin-right: 1em; }
        .error { color: #b00; }
        .status { color: #070; }
    </style>
</head>
<body>
    <nav>
        @foreach (['home', 'notes', 'files', 'events', 'me', 'dd', 'exit', 'error'] as $name)
            <a href="{{ route($name) }}">{{ $name }}</a>
        @endforeach
    </nav>
    @if (session('status'))
        <p class="status">{{ session('status') }}</p>
    @endif
    @foreach ($errors->all() as $message)
        <p class="error">{{ $message }}</p>
    @endforeach
    @yield('content')
</body>
</html>
