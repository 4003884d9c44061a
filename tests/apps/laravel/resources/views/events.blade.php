@extends('layout', ['title' => 'Events'])

@section('content')
    <h1>Server-sent events</h1>
    <ol id="log"></ol>
    <script>
        const source = new EventSource('{{ route('events.stream') }}');
        source.onmessage = (event) => {
            document.getElementById('log').appendChild(document.createElement('li')).textContent = event.data;
            if (event.lastEventId === '5') source.close();
        };
    </script>
@endsection
