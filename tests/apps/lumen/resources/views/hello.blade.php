<h1>Hello {{ $name }}</h1>
@foreach ($notes as $note)
<p>{{ $note }}</p>
@endforeach
