@extends('layout', ['title' => 'Home'])

@section('content')
    <h1>Laravel {{ app()->version() }}, resident</h1>
    <p>Visits in this session: <b id="visits">{{ $visits }}</b></p>
    <p>Booted once, at <b id="booted">{{ $booted }}</b>; served by process {{ $pid }}</p>
    <p>@auth Logged in as <b id="user">{{ auth()->user()->name }}</b> @else <a href="{{ route('login') }}">Log in</a> @endauth</p>
@endsection
